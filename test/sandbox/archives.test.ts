import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { execOk } from '../../src/lib/process/exec.ts'
import { type TarEntry, TarReader } from '../../src/sandbox/tar-read.ts'
import { type TarFile, tarOf } from '../../src/sandbox/tar-write.ts'

const dir = mkdtempSync(join(tmpdir(), 'cc-ci-tar-'))

afterAll(() => rmSync(dir, { recursive: true }))

const file = fc.record({
  path: fc
    .array(
      fc.stringMatching(/^[a-zé .]{1,60}$/).filter((part) => !/^\.+$/.test(part)),
      { minLength: 1, maxLength: 5 },
    )
    .map((parts) => parts.join('/')),
  bytes: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
})

describe('an archive', () => {
  test('is read as it was written, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(file, { maxLength: 8 }), fc.integer({ min: 1, max: 700 }), (files, step) => {
        const archive = tarOf(files)
        const { entries, done } = read(cut(archive, step))
        expect(done).toBe(true)
        expect(entries.map(({ path, text }) => [path, text])).toEqual(
          files.map(({ path, bytes }) => [path, bytes.toString('latin1')]),
        )
      }),
    )
  })

  test('is understood by tar, with modes that let nobody write', async () => {
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/f`
    const files: TarFile[] = [
      { path: 'a/run.sh', bytes: Buffer.from('#!/bin/sh\n'), executable: true },
      { path: long, bytes: Buffer.alloc(1000, 'x') },
    ]
    writeFileSync(join(dir, 'made.tar'), tarOf(files))
    await tar('--extract', '--same-permissions', '--file', 'made.tar')
    expect(readFileSync(join(dir, long), 'utf8')).toBe('x'.repeat(1000))
    expect((statSync(join(dir, 'a/run.sh')).mode & 0o777).toString(8)).toBe('555')
    expect((statSync(join(dir, long)).mode & 0o777).toString(8)).toBe('444')
  })

  test('of tar is read with its types, so that a link is never taken for a file', async () => {
    const name = 'n'.repeat(120)
    await execOk('sh', ['-c', `mkdir t && cd t && echo 1 > ${name} && ln -s /etc/passwd link && mkfifo pipe`], {
      timeoutMs: 5000,
      cwd: dir,
    })
    await tar('--create', '--format=gnu', '--file', 'theirs.tar', 't')
    const { entries, done } = read([readFileSync(join(dir, 'theirs.tar'))])
    expect(done).toBe(true)
    expect(entries.map(({ type, path }) => `${type} ${path}`).sort()).toEqual(
      ['5 t/', `0 t/${name}`, '2 t/link', '6 t/pipe'].sort(),
    )
  })
})

describe('what is no archive', () => {
  const good = tarOf([{ path: 'a', bytes: Buffer.from('hello') }])

  test.each<[string, (bytes: Buffer) => void]>([
    ['a broken checksum', (bytes) => bytes.write('b', 0)],
    ['a size in another notation', (bytes) => withSum(bytes, (header) => header.writeUInt8(0x80, 124))],
    ['a negative size', (bytes) => withSum(bytes, (header) => header.write('-0000000001', 124))],
    [
      'an endless name',
      (bytes) => withSum(bytes, (header) => header.write('L', 156) && header.write('77777777777', 124)),
    ],
  ])('%s is refused', (_, spoil) => {
    const bytes = Buffer.from(good)
    spoil(bytes)
    expect(() => read([bytes])).toThrow(expect.objectContaining({ code: 'bad-archive' }))
  })

  test('one that ends early is not done', () => expect(read([good.subarray(0, 600)]).done).toBe(false))
})

function read(chunks: readonly Buffer[]) {
  const entries: (TarEntry & { text: string })[] = []
  const reader = new TarReader({
    begin(entry) {
      entries.push({ ...entry, text: '' })
      return entry.type === '0'
    },
    bytes(part) {
      const last = entries.at(-1)
      if (last) last.text += part.toString('latin1')
    },
    end: () => undefined,
  })
  for (const chunk of chunks) reader.push(chunk)
  return { entries, done: reader.done }
}

function cut(bytes: Buffer, step: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, at) => bytes.subarray(at * step, (at + 1) * step))
}

function withSum(bytes: Buffer, change: (header: Buffer) => void): void {
  change(bytes)
  bytes.write(' '.repeat(8), 148)
  const sum = bytes.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
}

async function tar(...args: string[]): Promise<void> {
  await execOk('tar', args, { timeoutMs: 10_000, cwd: dir })
}
