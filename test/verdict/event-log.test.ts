import { appendFileSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CcCiError } from '../../src/lib/errors.ts'
import { Masker } from '../../src/lib/masking/mask.ts'
import { exec } from '../../src/lib/process/exec.ts'
import { cause } from '../../src/verdict/causes.ts'
import { openEventLog, readEvents } from '../../src/verdict/event-log.ts'
import type { EventDraft, RunEvent } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { passingDrafts } from './passing-stream.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cc-ci-events-'))
  file = join(folder, 'events.ndjson')
})
afterEach(() => rmSync(folder, { recursive: true }))

const clock = { now: () => Date.parse('2026-11-23T19:12:54.250Z') }

function open(masker = new Masker()) {
  return openEventLog(file, { clock, mask: (text) => masker.mask(text) })
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof CcCiError) return `${error.code} ${error.where?.line ?? ''}`.trim()
    throw error
  }
  return 'no error'
}

function caught(act: () => unknown): Error {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

/** Where a descriptor of this process leads; empty for one that is gone again. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

describe('openEventLog', () => {
  it('writes a stamped line before append returns, and reads back what it wrote', () => {
    const log = open()
    const drafts = passingDrafts()
    drafts.forEach((draft, index) => {
      log.append(draft)
      expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(index + 2)
    })
    expect(readEvents(file)).toEqual(
      drafts.map((draft, index) => ({ seq: index + 1, at: '2026-11-23T19:12:54.250Z', ...draft })),
    )
    expect(log.all()).toEqual(readEvents(file))
    expect(fold(log.all()).verdict).toBe('pass')
  })

  it('masks every string, keys included, before it reaches the file or a listener', () => {
    const secret = 'hunter2-hunter2'
    const masker = new Masker()
    masker.add(secret)
    const log = open(masker)
    const heard: RunEvent[] = []
    log.subscribe((event) => heard.push(event))
    const [start] = passingDrafts()
    const config = { env: { [secret]: [`x${secret}y`, { deep: secret }] } }
    log.append({
      ...start,
      customization: { config, hooks: [secret], overlays: [], tests: [], envOverrides: [], refused: [] },
    } as EventDraft)
    const why = cause('crash-loop', `said ${secret}`, { lines: [Buffer.from(secret).toString('base64')] })
    log.append({ type: 'check', tier: 'install', name: secret, outcome: 'fail', cause: why })
    expect(masker.leaks(readFileSync(file, 'utf8'))).toBe(false)
    expect(masker.leaks(JSON.stringify(heard))).toBe(false)
    expect(heard[1]).toMatchObject({ name: '***', cause: { message: 'said ***' } })
  })

  it('keeps the words of the format when a secret happens to be one of them', () => {
    const masker = new Masker()
    for (const word of [
      'postgres',
      'services',
      'witnesses',
      'tier.started',
      'unverified',
      'crash-loop',
      'customization',
    ])
      masker.add(word)
    const log = open(masker)
    for (const draft of passingDrafts()) log.append(draft)
    expect(fold(readEvents(file)).verdict).toBe('pass')
  })

  it('hides a secret wherever it stands', () => {
    const words = fc
      .string({ minLength: 8, maxLength: 20 })
      .filter((text) => /[0-9]{2}/.test(text) && text.trim() === text)
    fc.assert(
      fc.property(words, fc.string(), (secret, around) => {
        rmSync(file, { force: true })
        const masker = new Masker()
        masker.add(secret)
        const log = open(masker)
        log.append({ type: 'note', text: around + secret + around })
        log.close()
        const [event] = readEvents(file)
        expect((event as { text: string }).text).not.toContain(secret)
      }),
      { numRuns: 60 },
    )
  })

  it('refuses a file that exists, an event that could not be read back, and a closed stream', () => {
    const log = open()
    expect(codeOf(() => open())).toBe('event-log-exists')
    const bad = { type: 'operation.ended', tier: 'install', operation: 'x', ms: Number.NaN } as const
    expect(codeOf(() => log.append(bad))).toBe('bad-event')
    expect(readFileSync(file, 'utf8')).toBe('')
    log.close()
    expect(codeOf(() => log.append({ type: 'note', text: 'x' }))).toBe('event-log-closed')
  })

  it('says which file it is about, and why', () => {
    const log = open()
    expect(() => open()).toThrow(`${file} exists: a run writes its stream once`)
    expect(caught(() => open()).cause).toMatchObject({ code: 'EEXIST' })
    const bad = { type: 'operation.ended', tier: 'install', operation: 'x', ms: Number.NaN } as const
    expect(() => log.append(bad)).toThrow(/^a operation\.ended event cannot be recorded: .*ms/)
    log.close()
    expect(() => log.append({ type: 'note', text: 'x' })).toThrow(`${file} is closed`)
    file = join(folder, 'none', 'events.ndjson')
    expect(caught(() => open())).toMatchObject({ code: 'ENOENT' })
  })

  it('keeps its file open until it is closed, once', () => {
    const isOpen = () => readdirSync('/proc/self/fd').some((fd) => targetOf(fd) === file)
    const log = open()
    expect(isOpen()).toBe(true)
    log.close()
    expect(isOpen()).toBe(false)
    log.close()
  })

  it('takes back a line that did not fit, and continues when the next one does', async () => {
    const source = join(import.meta.dirname, '../../src/verdict/event-log.ts')
    const program = `
      import { openEventLog } from ${JSON.stringify(source)}
      const log = openEventLog(${JSON.stringify(file)}, { clock: Date, mask: (text) => text })
      log.append({ type: 'note', text: 'before' })
      try { log.append({ type: 'note', text: 'x'.repeat(5000) }) } catch (error) { console.log(error.code) }
      log.append({ type: 'note', text: 'after' })`
    const limited = ['-c', 'ulimit -f 2; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', program]
    const { stdout, stderr } = await exec('sh', limited, { timeoutMs: 20_000 })
    expect(stdout.trim(), stderr).toBe('disk-full')
    expect(readEvents(file).map((event) => (event as { text: string }).text)).toEqual(['before', 'after'])
  })

  it('drops a listener that throws, says so in the stream, and continues', () => {
    const log = open()
    const heard: string[] = []
    log.subscribe(() => {
      throw new Error('renderer broke')
    })
    const stop = log.subscribe((event) => heard.push(event.type === 'note' ? event.text : event.type))
    log.append({ type: 'note', text: 'one' })
    log.append({ type: 'note', text: 'two' })
    stop()
    log.append({ type: 'note', text: 'three' })
    expect(readEvents(file).map((event) => (event as { text: string }).text)).toEqual([
      'one',
      expect.stringContaining('renderer broke'),
      'two',
      'three',
    ])
    expect(heard.toSorted()).toEqual([expect.stringContaining('renderer broke'), 'one', 'two'])
  })
})

describe('readEvents', () => {
  const line = (seq: number, body: object = { type: 'note', text: 'x' }) =>
    JSON.stringify({ seq, at: '2026-11-23T19:12:54.250Z', ...body })

  it('leaves out a last line that was cut off, at every byte', () => {
    const whole = line(2, { type: 'note', text: 'naïve ✓' })
    const bytes = Buffer.from(whole)
    for (let end = 0; end < bytes.length; end++) {
      writeFileSync(file, Buffer.concat([Buffer.from(`${line(1)}\n`), bytes.subarray(0, end)]))
      expect(readEvents(file), `${end} bytes`).toHaveLength(1)
    }
    appendFileSync(file, bytes.subarray(bytes.length - 1))
    expect(readEvents(file)).toHaveLength(2)
  })

  it.each([
    ['not JSON in the middle', ['{"seq":1', line(2)], 1],
    ['an unknown type', [line(1), line(2, { type: 'party' })], 2],
    ['an unknown tier', [line(1, { type: 'tier.started', tier: 'party' })], 1],
    ['a missing field', [line(1), line(2), line(3, { type: 'finding', code: 'x', severity: 'error' })], 3],
    ['a gap', [line(1), line(3)], 2],
    ['a repeated line', [line(1), line(1)], 2],
    ['an empty line', [line(1), '', line(2)], 2],
    ['a wrong time', [JSON.stringify({ seq: 1, at: 'today', type: 'run.ended' })], 1],
  ])('refuses %s, naming the line', (_, lines, where) => {
    writeFileSync(file, `${lines.join('\n')}\n`)
    expect(codeOf(() => readEvents(file))).toBe(`events-damaged ${where}`)
  })

  it('leaves out a last line that is whole and no event, as one that was cut off', () => {
    writeFileSync(file, `${line(1, { type: 'note', text: 'x' })}\n{"seq":2}`)
    expect(readEvents(file)).toHaveLength(1)
  })

  it('says what is wrong with a line', () => {
    const note = { type: 'note', text: 'x' }
    writeFileSync(file, `${line(1, note)}\nno json\n`)
    expect(() => readEvents(file)).toThrow('not an event: not JSON')
    writeFileSync(file, `${line(1, note)}\n${line(3, note)}\n`)
    expect(() => readEvents(file)).toThrow('not an event: seq is 3, line 2 must have 2')
    const none = join(folder, 'none')
    expect(() => readEvents(none)).toThrow(`${none} cannot be read: ENOENT`)
    expect(caught(() => readEvents(none))).toMatchObject({
      hint: expect.stringContaining('cc-ci runs'),
      cause: { code: 'ENOENT' },
    })
  })

  it('reads an empty file as no events, and says when there is no file', () => {
    writeFileSync(file, '')
    expect(readEvents(file)).toEqual([])
    expect(codeOf(() => readEvents(join(folder, 'none')))).toBe('events-missing')
  })

  it('keeps what it does not know of an event, and hollow evidence', () => {
    const hollow = { type: 'evidence', tier: 'install', evidence: { kind: 'images', images: [] }, extra: 1 }
    writeFileSync(file, `${line(1, hollow)}\n`)
    expect(readEvents(file)).toMatchObject([hollow])
  })
})
