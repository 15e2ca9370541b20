import { describe, expect, it } from 'vitest'
import { terminalReporter } from '../../../src/report/terminal/reporter.ts'
import type { RunEvent } from '../../../src/verdict/events.ts'
import { passingStream } from '../../verdict/passing-stream.ts'
import { failedRun, HOSTILE } from '../sample-runs.ts'
import { HandClock } from './hand-clock.ts'
import { screenOf } from './small-terminal.ts'

function setUp(options: { tty: boolean; columns?: number; color?: boolean }) {
  const writes: string[] = []
  const clock = new HandClock()
  const stream = { write: (text: string) => writes.push(text), columns: options.columns ?? 80, rows: 24 }
  const reporter = terminalReporter({ stream, clock, tty: options.tty, color: options.color ?? false })
  const screen = () => screenOf(writes.join(''), stream.columns)
  return { reporter, clock, writes, stream, screen, rows: () => screen().rows }
}

type Wait = Extract<RunEvent, { type: 'wait.progress' }>

function waitOf(name: string, reason: string): Wait {
  const wait = passingStream().find(({ type }) => type === 'wait.progress') as Wait
  return { ...wait, name, reason }
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
    expect(text).toContain('? backup                    blocked: needs upgrade, which ended with crash-loop')
    expect(text).toContain('!! left behind: volume')
    expect(text).not.toContain('\u001b')
  })

  it('tells of a wait once it has lasted, with its newest reason, and of the next when that has', async () => {
    const { reporter, writes, clock } = setUp({ tty: false })
    const told = () => writes.filter((text) => text.includes('waiting for')).map((text) => /: (\w+) \(/.exec(text)?.[1])
    const says = (name: string, reason: string) => reporter.onEvent(waitOf(name, reason))
    says('x', 'one')
    await clock.advance(1_000)
    says('x', 'two')
    await clock.advance(999)
    expect(told()).toEqual([])
    await clock.advance(1)
    expect(told()).toEqual(['two'])
    says('x', 'two')
    await clock.advance(2_000)
    expect(told()).toEqual(['two'])
    says('x', 'three')
    says('y', 'four')
    await clock.advance(2_000)
    expect(told()).toEqual(['two', 'four'])
    says('z', 'five')
    reporter.onEvent({
      ...waitOf('z', ''),
      type: 'check',
      id: 'converged',
      name: 'x',
      outcome: 'pass',
    } as unknown as RunEvent)
    says('z', 'six')
    reporter.close()
    await clock.advance(2_000)
    expect(told()).toEqual(['two', 'four'])
  })

  it('tells no counter again, nor a reason that comes and goes, unless it lasts for a minute', async () => {
    const { reporter, writes, clock } = setUp({ tty: false })
    const told = () => writes.filter((text) => text.includes('waiting for')).length
    const lasts = async (reason: string) => {
      reporter.onEvent(waitOf('the page to stand still', reason))
      await clock.advance(2_000)
    }
    await lasts('1 of 9 parts moved')
    await lasts('2 of 9 parts moved')
    await lasts('the page is still blank')
    await lasts('3 of 9 parts moved')
    expect(told()).toBe(2)
    await clock.advance(60_000)
    await lasts('8 of 9 parts moved')
    expect(told()).toBe(3)
    expect(writes.at(-1)).toContain('8 of 9 parts moved')
    reporter.close()
  })

  it('cuts nothing, however long it is', async () => {
    const long = 'word '.repeat(100).trim()
    const { reporter, writes, clock } = setUp({ tty: false, columns: 40 })
    for (const event of failedRun(long)) {
      reporter.onEvent(event)
      if (event.type === 'wait.progress') await clock.advance(2_000)
    }
    reporter.close()
    const text = writes.join('')
    expect(text).not.toContain('…')
    expect(text).toContain(`waiting for ${long}: ${long} (at most`)
    expect(text).toContain(`crash-loop: it ended: ${long}\n`)
  })

  it.each(HOSTILE)('passes on no control character: %j', (say) => {
    const { reporter, writes } = setUp({ tty: false })
    for (const event of failedRun(say)) reporter.onEvent(event)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
    expect(writes.join('')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
  })
})

describe('what is usual', () => {
  it.each([false, true])(
    'stands beside the tier while it is active, where earlier runs tell (terminal: %s)',
    async (tty) => {
      const taken = { p50Ms: 40_100, p95Ms: 50_000, runs: 4 }
      const tiers = [{ id: 'install', ...taken }] as const
      const expected = {
        runs: 4,
        since: '2026-11-01T00:00:00.000Z',
        newest: '20261120-101500-aaaaaa',
        tiers,
        deploy: taken,
      }
      const { reporter, writes, clock } = setUp({ tty })
      for (const event of passingStream({}, { expected })) {
        reporter.onEvent(event)
        await clock.advance(250)
      }
      reporter.close()
      const rows = writes.join('').split('\n')
      expect(rows.some((row) => /install.*\(usually 40\.1 s\)/.test(row))).toBe(true)
      expect(rows.some((row) => /upgrade.*usually/.test(row))).toBe(false)
    },
  )
})

describe('terminalReporter, on a terminal', () => {
  const upToWait = () => {
    const events = passingStream()
    return events.slice(0, events.findIndex(({ type }) => type === 'wait.progress') + 1)
  }

  it('shows the tier, its elapsed time, and what is waited for, how long at most, and why', async () => {
    const { reporter, clock, rows } = setUp({ tty: true })
    for (const event of upToWait()) reporter.onEvent(event)
    await clock.advance(15_000)
    expect(rows().at(-3)).toMatch(/lint\s+10\.0 s {2}do lint/)
    expect(rows().at(-2)).toMatch(/^ {4}waiting for service app to converge, \d+\.\d s of at most 10 min 00 s$/)
    expect(rows().at(-1)).toBe('      0/1 tasks run')
    reporter.close()
  })

  it('moves the time without a new event, and stops when closed', async () => {
    const { reporter, clock, writes, rows } = setUp({ tty: true })
    for (const event of upToWait()) reporter.onEvent(event)
    await clock.advance(6_000)
    const before = rows()
    await clock.advance(1_000)
    expect(rows()).not.toEqual(before)
    expect(rows()).toHaveLength(before.length)
    reporter.close()
    reporter.close()
    const count = writes.length
    await clock.advance(5_000)
    expect(writes).toHaveLength(count)
  })

  it('draws a few times a second at most, however often the reason changes', async () => {
    const { reporter, clock, writes } = setUp({ tty: true })
    for (const event of upToWait()) reporter.onEvent(event)
    await clock.advance(250)
    const before = writes.length
    for (let at = 0; at < 1_000; at += 10) {
      reporter.onEvent(waitOf('the page to stand still', `change ${at}`))
      await clock.advance(10)
    }
    expect(writes.length - before).toBeLessThanOrEqual(5)
    reporter.close()
  })

  it('leaves one line per tier on the screen, nothing that moved, and a cursor', async () => {
    const { reporter, screen, clock } = setUp({ tty: true })
    for (const event of passingStream()) {
      reporter.onEvent(event)
      await clock.advance(100)
    }
    reporter.close()
    expect(screen().cursor).toBe(true)
    expect(screen().rows.map((row) => row.split(/\s+/).slice(0, 3).join(' ').trim())).toEqual([
      'pocketbase 2.0.0+0.40.6, upgraded',
      'run 20261123-191254-k3f9qa',
      ...['lint', 'install', 'upgrade', 'backup', 'restore', 'functional', 'integration', 'resilience', 'teardown'].map(
        (id) => `✓ ${id}`,
      ),
    ])
  })

  it.each([20, 40, 80, 200])('keeps rows within a terminal of %i columns', async (columns) => {
    const { reporter, rows, clock } = setUp({ tty: true, columns })
    for (const event of upToWait()) reporter.onEvent(event)
    reporter.onEvent(waitOf('stack x to converge', '日本語の理由 '.repeat(20)))
    await clock.advance(250)
    expect(rows().length).toBeLessThanOrEqual(14)
    for (const row of rows().filter((line) => /waiting|理由/.test(line))) {
      expect([...row].length + (row.match(/[^\u0020-\u007e…]/gu) ?? []).length, row).toBeLessThan(columns)
    }
    reporter.close()
  })

  it('puts what others write above the block, and takes the block up again below it', async () => {
    const { reporter, rows, stream, clock } = setUp({ tty: true })
    for (const event of upToWait()) reporter.onEvent(event)
    await clock.advance(250)
    stream.write('cc-ci:engine GET /services 200 without an end of line')
    await clock.advance(250)
    stream.write('another line\n')
    await clock.advance(250)
    expect(rows().slice(-5, -3)).toEqual(['cc-ci:engine GET /services 200 without an end of line', 'another line'])
    expect(rows().filter((row) => row.includes('waiting for'))).toHaveLength(1)
    reporter.close()
    expect(rows().at(-1)).toBe('another line')
  })

  it('leaves nothing behind when the terminal is made smaller and larger', async () => {
    const { reporter, stream, screen, clock } = setUp({ tty: true, columns: 100 })
    for (const event of upToWait()) reporter.onEvent(event)
    for (const columns of [40, 100, 30]) {
      stream.columns = columns
      process.emit('SIGWINCH')
      await clock.advance(250)
    }
    expect(screen().rows.filter((row) => row.includes('waiting for'))).toHaveLength(1)
    reporter.close()
    expect(screen().rows.filter((row) => row.includes('waiting for'))).toHaveLength(0)
    expect(process.listenerCount('SIGTSTP')).toBe(0)
  })

  it('gives the cursor back when the process exits in the middle', async () => {
    const { reporter, screen, clock } = setUp({ tty: true })
    for (const event of upToWait()) reporter.onEvent(event)
    await clock.advance(250)
    expect(screen().cursor).toBe(false)
    const [onExit] = process.listeners('exit').slice(-1) as (() => void)[]
    onExit?.()
    expect(screen().cursor).toBe(true)
    expect(screen().rows.filter((row) => row.includes('waiting for'))).toHaveLength(0)
    reporter.close()
  })

  it.each(HOSTILE)('lets a recipe move no cursor: %j', async (say) => {
    const { reporter, clock, rows } = setUp({ tty: true })
    for (const event of failedRun(say)) {
      reporter.onEvent(event)
      await clock.advance(100)
    }
    reporter.close()
    expect(rows().join('\n')).toContain('? teardown')
  })
})
