// cspell:ignore hasattr namelist testzip writestr
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { looksLikeZip, readZip, writeZip } from '../../../src/lib/files/zip.ts'
import { execOk } from '../../../src/lib/process/exec.ts'

const LIMITS = { maxBytes: 10_000, maxEntries: 10 }
const entry = (name: string, text: string) => ({ name, content: Buffer.from(text) })
const WHOLE = writeZip([entry('a.txt', 'some text '.repeat(50)), entry('dir/b', '')])

test('what is written is read again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.uint8Array({ maxLength: 300 })), { maxLength: 8 }),
      (files) => {
        const entries = files.map(([name, bytes]) => ({
          name: `${name.toWellFormed().replaceAll('/', '')}x`,
          content: Buffer.from(bytes),
        }))
        const bytes = writeZip(entries)
        expect(looksLikeZip(bytes)).toBe(true)
        expect(readZip(bytes, LIMITS)).toEqual(entries)
      },
    ),
  )
})

test('as other programs write and read it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-zip-'))
  try {
    const run = (code: string) => execOk('python3', ['-c', code], { cwd: dir, timeoutMs: 60_000 })
    await run(`import zipfile
with zipfile.ZipFile('theirs.zip', 'w', zipfile.ZIP_DEFLATED) as z:
  z.mkdir('folder') if hasattr(z, 'mkdir') else None
  z.writestr('folder/a.txt', 'x' * 500)
  z.writestr(zipfile.ZipInfo('stored'), 'y')`)
    expect(
      readZip(readFileSync(join(dir, 'theirs.zip')), LIMITS)?.map(({ name, content }) => [name, content.length]),
    ).toEqual([
      ['folder/a.txt', 500],
      ['stored', 1],
    ])
    writeFileSync(join(dir, 'ours.zip'), WHOLE)
    const { stdout } = await run(`import zipfile
z = zipfile.ZipFile('ours.zip')
print(z.testzip(), z.namelist(), len(z.read('a.txt')))`)
    expect(stdout.trim()).toBe("None ['a.txt', 'dir/b'] 500")
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})

test.each([
  ['no archive', Buffer.from('text')],
  ['cut off', WHOLE.subarray(0, -1)],
  ['with a changed byte', Buffer.from(WHOLE.map((byte, index) => (index === 40 ? byte ^ 1 : byte)))],
  ['with more bytes than are wanted', writeZip([entry('bomb', '0'.repeat(20_000))])],
  ['with more in all', writeZip(['a', 'b', 'c'].map((name) => entry(name, '0'.repeat(4000))))],
  ['with too many entries', writeZip(Array.from({ length: 11 }, (_, index) => entry(`${index}`, '')))],
])('an archive that is %s is not read', (_what, bytes) => expect(readZip(bytes, LIMITS)).toBeNull())

test('whatever the bytes are, it is an answer', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(WHOLE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (changes) => {
        const bytes = Buffer.from(WHOLE)
        for (const [at, value] of changes) bytes[at] = value
        const read = readZip(bytes, LIMITS)
        expect(read === null || read.length <= LIMITS.maxEntries).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})
