import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/lib/async/clock.ts'
import { InfraError } from '../../../src/lib/errors.ts'
import { FencedError } from '../../../src/server/contract/errors.ts'
import type { Assignment, Dispatch } from '../../../src/server/contract/protocol.ts'
import { writePiece } from '../../../src/server/runs/uploaded-files.ts'
import { FolderUpload } from '../../../src/server/worker/upload.ts'

const HELD = { folder: '20261123-191254-k3f9qa', request: { id: '20261123-191254-k3f9qa' } } as Assignment
let root = ''
let here = ''
let there = ''

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cc-ci-upload-'))
  here = join(root, 'here')
  there = join(root, 'there')
  mkdirSync(join(here, 'logs'), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** Time that goes by when somebody sleeps; `onSleep` is what happens meanwhile. */
function clockWith(onSleep: () => void): Clock {
  return {
    now: () => 0,
    async sleep() {
      onSleep()
    },
  }
}

const put: Dispatch['put'] = async (_, path, offset, bytes) => {
  return { size: await writePiece({ dir: there, path, offset, bytes }) }
}

function uploadBy(own: Dispatch['put'], onSleep = () => {}): FolderUpload {
  const log = pino({ level: 'silent' })
  return new FolderUpload({ dispatch: { put: own }, assignment: HELD, dir: here, clock: clockWith(onSleep), log })
}

describe('a run folder', () => {
  it('has its events at the server while it grows', async () => {
    const stop = new AbortController()
    const seen: string[] = []
    let round = 0
    const upload = uploadBy(put, () => {
      if (round > 0) seen.push(readFileSync(join(there, 'events.ndjson'), 'utf8'))
      appendFileSync(join(here, 'events.ndjson'), `${++round}\n`)
      if (round === 4) stop.abort()
    })
    await upload.follow(stop.signal)
    expect(seen).toEqual(['1\n', '1\n2\n', '1\n2\n3\n'].slice(0, seen.length))
    await upload.sendAll(new AbortController().signal)
    expect(readFileSync(join(there, 'events.ndjson'), 'utf8')).toBe('1\n2\n3\n4\n')
  })

  it('is whole at the server after calls that failed, were lost, or were taken twice', async () => {
    const text = 'x'.repeat(3 * 1024 * 1024 + 17)
    writeFileSync(join(here, 'logs', 'app.log'), text)
    let calls = 0
    const upload = uploadBy(async (...args) => {
      calls++
      if (calls % 3 === 1) throw new InfraError('server-gone', 'not there')
      const done = await put(...args)
      if (calls % 3 === 2) throw new InfraError('server-gone', 'the answer was lost')
      return done
    })
    await upload.sendAll(new AbortController().signal)
    expect(readFileSync(join(there, 'logs', 'app.log'), 'utf8')).toBe(text)
  })

  it('leaves out what the server does not take, and continues', async () => {
    writeFileSync(join(here, 'report.html'), 'x')
    writeFileSync(join(here, 'results.json'), '{}')
    const upload = uploadBy(async (_, path, offset, bytes) => {
      const limits = { call: 10, file: path === 'report.html' ? 0 : 10, run: 100 }
      return { size: await writePiece({ dir: there, path, offset, bytes, limits }) }
    })
    await upload.sendAll(new AbortController().signal)
    expect(readFileSync(join(there, 'results.json'), 'utf8')).toBe('{}')
  })

  it('sends no link, and nothing that is not a run’s', async () => {
    writeFileSync(join(root, 'secret'), 'secret')
    symlinkSync(join(root, 'secret'), join(here, 'report.html'))
    writeFileSync(join(here, 'request.json'), '{}')
    mkdirSync(join(here, 'checkout'))
    writeFileSync(join(here, 'checkout', 'compose.yml'), '')
    const sent: string[] = []
    const upload = uploadBy(async (_, path) => {
      sent.push(path)
      return { size: 0 }
    })
    await upload.sendAll(new AbortController().signal)
    expect(sent).toEqual([])
  })

  it('is not written to any more when it is another attempt’s', async () => {
    writeFileSync(join(here, 'run.json'), '{}')
    const upload = uploadBy(async () => {
      throw new FencedError(HELD.folder)
    })
    await expect(upload.sendAll(new AbortController().signal)).rejects.toMatchObject({ code: 'fenced' })
  })
})
