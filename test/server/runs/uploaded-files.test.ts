import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writePiece } from '../../../src/server/runs/uploaded-files.ts'

let root = ''
let dir = ''

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cc-ci-upload-'))
  dir = join(root, 'run')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const put = (path: string, offset: number, text: string) =>
  writePiece({ dir, path, offset, bytes: Buffer.from(text), limits: { call: 10, file: 20, run: 30 } })

describe('bytes of a worker', () => {
  it('are added in order, and a repeated call is told where to continue', async () => {
    expect(await put('events.ndjson', 0, 'one\n')).toBe(4)
    await expect(put('events.ndjson', 0, 'one\n')).rejects.toMatchObject({ code: 'wrong-offset', size: 4 })
    await expect(put('events.ndjson', 9, 'gap\n')).rejects.toMatchObject({ code: 'wrong-offset', size: 4 })
    expect(await put('events.ndjson', 4, 'two\n')).toBe(8)
    expect(readFileSync(join(dir, 'events.ndjson'), 'utf8')).toBe('one\ntwo\n')
  })

  it('come into folders that a run has', async () => {
    await put('artifacts/attempt-2/traces/one.zip', 0, 'x')
    await put('logs/attempt-1/app.log', 0, 'x')
    expect(readFileSync(join(dir, 'artifacts/attempt-2/traces/one.zip'), 'utf8')).toBe('x')
  })

  it.each([
    '../outside',
    'artifacts/../../outside',
    '/etc/passwd',
    'artifacts//x',
    'artifacts/.hidden',
    'request.json',
    'outcome.json',
    'logs/x.txt',
    'logs/attempt-1/deeper/x.log',
    'artifacts/a/b/c/d/e/f/g',
    'artifacts/a\nb',
    'artifacts/a\0b',
    '',
  ])('go nowhere else: %j', async (path) => {
    await expect(put(path, 0, 'x')).rejects.toMatchObject({ code: 'bad-path' })
  })

  it('follow no link, wherever in the path it is', async () => {
    const outside = join(root, 'outside')
    mkdirSync(outside)
    mkdirSync(dir)
    writeFileSync(join(outside, 'target'), '')
    symlinkSync(outside, join(dir, 'artifacts'))
    writeFileSync(join(outside, 'other'), '')
    symlinkSync(join(outside, 'other'), join(dir, 'run.json'))
    linkSync(join(outside, 'target'), join(dir, 'report.html'))
    for (const path of ['artifacts/x', 'run.json', 'report.html']) {
      await expect(put(path, 0, 'x'), path).rejects.toMatchObject({ code: 'bad-path' })
    }
    expect(readFileSync(join(outside, 'target'), 'utf8') + readFileSync(join(outside, 'other'), 'utf8')).toBe('')
  })

  it('never make a folder into a file', async () => {
    await put('artifacts/x/y', 0, 'x')
    await expect(put('artifacts/x', 0, 'x')).rejects.toMatchObject({ code: 'bad-path' })
    await expect(put('artifacts/x/y/z', 0, 'x')).rejects.toMatchObject({ code: 'bad-path' })
  })

  it('are bounded by call, file and run', async () => {
    await expect(put('run.json', 0, 'x'.repeat(11))).rejects.toMatchObject({ code: 'too-large' })
    await put('run.json', 0, 'x'.repeat(10))
    await put('run.json', 10, 'x'.repeat(10))
    await expect(put('run.json', 20, 'x')).rejects.toMatchObject({ code: 'too-large' })
    await put('report.html', 0, 'x'.repeat(10))
    await expect(put('results.json', 0, 'x')).rejects.toMatchObject({ code: 'too-large' })
  })
})
