import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/lib/async/clock.ts'
import { terminalReporter } from '../../../src/report/run/terminal.ts'
import type { RunEvent } from '../../../src/verdict/events.ts'
import { passingStream } from '../../verdict/passing-stream.ts'
import { failedRun, HOSTILE } from '../sample-runs.ts'

/** A clock that moves when told to; sleepers wake in order. */
class HandClock implements Clock {
  #now = Date.parse('2026-11-23T19:12:54.000Z')
  #sleepers: { at: number; wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake, fail) => {
      this.#sleepers.push({ at: this.#now + ms, wake })
      signal?.addEventListener('abort', () => fail(signal.reason as Error), { once: true })
    })
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#sleepers.filter(({ at }) => at <= this.#now)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
    for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  }
}

function setUp(options: { tty: boolean; columns?: number; color?: boolean }) {
  const writes: string[] = []
  const clock = new HandClock()
  const stream = { write: (text: string) => writes.push(text), columns: options.columns ?? 80 }
  const reporter = terminalReporter({ stream, clock, tty: options.tty, color: options.color ?? false })
  return { reporter, clock, writes, screen: () => screenOf(writes.join('')) }
}

describe('terminalReporter, not on a terminal', () => {
  it('writes plain lines: what begins, what is waited for and why, how each tier ended', async () => {
    const { reporter, writes, clock } = setUp({ tty: false })
    for (const event of failedRun()) {
      reporter.onEvent(event)
      if (event.type === 'wait.progress') await clock.advance(2_000)
    }
    reporter.close()
    const text = writes.join('')
    expect(text).toContain(
      '  install: begins\n  install: do install\n  install: waiting for service app to converge: 0/1 tasks run (at most 10 min 00 s)\n',
    )
    expect(text).toMatch(/✗ upgrade +\S+ s {2}crash-loop: it ended: no such column/)
    expect(text).toContain('? backup                 blocked: needs upgrade, which ended with crash-loop')
    expect(text).toContain('!! left behind: volume')
    expect(text).not.toContain('\u001b')
  })

  it('tells of a wait once it has lasted, with its newest reason, and of the next when that has', async () => {
    const { reporter, writes, clock } = setUp({ tty: false })
    const wait = passingStream().find(({ type }) => type === 'wait.progress') as Extract<
      RunEvent,
      { type: 'wait.progress' }
    >
    const reported = () =>
      writes.filter((text) => text.includes('waiting for')).map((text) => /: (\w+) \(/.exec(text)?.[1])
    const says = (name: string, reason: string) => reporter.onEvent({ ...wait, name, reason })
    says('x', 'one')
    await clock.advance(1_000)
    says('x', 'two')
    await clock.advance(999)
    expect(reported()).toEqual([])
    await clock.advance(1)
    expect(reported()).toEqual(['two'])
    says('x', 'two')
    await clock.advance(2_000)
    expect(reported()).toEqual(['two'])
    says('x', 'three')
    says('y', 'four')
    await clock.advance(2_000)
    expect(reported()).toEqual(['two', 'four'])
    says('z', 'five')
    reporter.onEvent({ ...wait, type: 'check', id: 'converged', name: 'x', outcome: 'pass' } as unknown as RunEvent)
    says('z', 'six')
    reporter.close()
    await clock.advance(2_000)
    expect(reported()).toEqual(['two', 'four'])
  })

  it.each(HOSTILE)('passes on no control character: %j', (say) => {
    const { reporter, writes } = setUp({ tty: false })
    for (const event of failedRun(say)) reporter.onEvent(event)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
    expect(writes.join('')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('what is usual', () => {
  it.each([false, true])('stands beside the tier while it is active, where earlier runs tell (terminal: %s)', (tty) => {
    const taken = { p50Ms: 40_100, p95Ms: 50_000, runs: 4 }
    const tiers = [{ id: 'install', ...taken }] as const
    const expected = {
      runs: 4,
      since: '2026-11-01T00:00:00.000Z',
      newest: '20261120-101500-aaaaaa',
      tiers,
      deploy: taken,
    }
    const { reporter, writes } = setUp({ tty })
    for (const event of passingStream({}, { expected })) reporter.onEvent(event)
    reporter.close()
    const rows = writes.join('').split('\n')
    expect(rows.some((row) => /install.*\(usually 40\.1 s\)/.test(row))).toBe(true)
    expect(rows.some((row) => /upgrade.*usually/.test(row))).toBe(false)
  })
})

describe('terminalReporter, on a terminal', () => {
  const upToWait = () => {
    const events = passingStream()
    return events.slice(0, events.findIndex(({ type }) => type === 'wait.progress') + 1)
  }

  it('shows the tier, its elapsed time, and what is waited for and why', async () => {
    const { reporter, clock, screen } = setUp({ tty: true })
    for (const event of upToWait()) reporter.onEvent(event)
    await clock.advance(15_000)
    expect(screen().at(-2)).toMatch(/lint\s+10\.0 s {2}do lint/)
    expect(screen().at(-1)).toContain('waiting for service app to converge: 0/1 tasks run (at most 10 min 00 s)')
    reporter.close()
  })

  it('moves the time without a new event, and stops when closed', async () => {
    const { reporter, clock, writes, screen } = setUp({ tty: true })
    for (const event of upToWait()) reporter.onEvent(event)
    await clock.advance(6_000)
    const before = screen()
    await clock.advance(1_000)
    expect(screen()).not.toEqual(before)
    expect(screen()).toHaveLength(before.length)
    reporter.close()
    reporter.close()
    const count = writes.length
    await clock.advance(5_000)
    expect(writes).toHaveLength(count)
  })

  it('leaves one line per tier on the screen and nothing that moved', () => {
    const { reporter, screen } = setUp({ tty: true })
    for (const event of passingStream()) reporter.onEvent(event)
    reporter.close()
    expect(screen().map((row) => row.split(/\s+/).slice(0, 3).join(' ').trim())).toEqual([
      'pocketbase 2.0.0+0.40.6, upgraded',
      'run 20261123-191254-k3f9qa',
      ...['lint', 'install', 'upgrade', 'backup', 'restore', 'functional', 'integration', 'resilience', 'teardown'].map(
        (id) => `✓ ${id}`,
      ),
    ])
  })

  it('keeps moving rows within a narrow terminal', () => {
    const { reporter, writes } = setUp({ tty: true, columns: 30 })
    for (const event of upToWait()) reporter.onEvent(event)
    const moving = writes.at(-1)?.split('\n').slice(-3, -1) ?? []
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes that move the cursor take no room
    for (const row of moving) expect(row.replace(/\u001b\[\d*[A-Z]|\r/g, '').length, row).toBeLessThan(30)
    reporter.close()
  })
})

/** What a terminal shows after these writes: cursor up, erase below, carriage return and line ends. */
function screenOf(text: string): string[] {
  const rows: string[] = []
  let at = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal in small
  for (const part of text.match(/\u001b\[\d+A|\u001b\[J|\r|\n|[^\u001b\r\n]+/g) ?? []) {
    if (part.endsWith('A') && part.startsWith('\u001b')) at -= Number(part.slice(2, -1))
    else if (part === '\u001b[J') rows.length = at
    else if (part === '\n') at += 1
    else if (part !== '\r') rows[at] = part
  }
  return rows
}
