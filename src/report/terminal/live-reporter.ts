import type { Clock } from '../../lib/async/clock.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import type { RunEvent } from '../../verdict/events.ts'
import type { TierId } from '../../verdict/tiers.ts'
import type { Ink } from '../text/colors.ts'
import { cut, oneLine, wrap } from '../text/plain-text.ts'
import { stayingRows, usualMs } from './event-rows.ts'
import { LiveBlock, type SharedStream } from './live-block.ts'
import type { TerminalReporter } from './reporter.ts'
import type { Screen } from './screen.ts'
import { spinner, tick } from './tick.ts'

/** Rows of the reason of a wait; the results have all of it. */
const REASON_ROWS = 2

/** What happens right now, kept from the events. Times in epoch ms. */
interface Doing {
  readonly tier: TierId
  readonly since: number
  readonly usual: number | undefined
  readonly operation: string
  readonly wait: { readonly name: string; readonly reason: string; readonly since: number; readonly ms: number } | null
}

export interface LiveReporterOptions {
  readonly stream: Screen
  readonly shared: readonly SharedStream[]
  readonly clock: Clock
  readonly ink: Ink
}

export class LiveReporter implements TerminalReporter {
  readonly #stream: Screen
  readonly #clock: Clock
  readonly #ink: Ink
  readonly #events: RunEvent[] = []
  readonly #stop = new AbortController()
  readonly #block: LiveBlock
  #doing: Doing | null = null
  #ticks = 0

  constructor({ stream, shared, clock, ink }: LiveReporterOptions) {
    this.#stream = stream
    this.#clock = clock
    this.#ink = ink
    this.#block = new LiveBlock({ stream, shared, now: () => clock.now(), rows: () => this.#rows() })
    void tick(clock, this.#stop.signal, () => this.#refresh())
  }

  onEvent(event: RunEvent): void {
    this.#events.push(event)
    this.#doing = nextDoing(event, this.#doing, this.#events)
    const rows = stayingRows(event, this.#events, this.#ink, this.#width())
    if (rows.length > 0) this.#block.print(rows)
    else this.#block.refresh()
  }

  close(): void {
    this.#stop.abort()
    this.#doing = null
    this.#block.close()
  }

  #width(): number {
    return this.#stream.columns || 80
  }

  /** Each narrower than the terminal, so that the last column stays free and nothing is wrapped. */
  #rows(): string[] {
    if (!this.#doing) return []
    const { tier, since, usual, operation, wait } = this.#doing
    const width = Math.max(10, this.#width() - 1)
    const elapsed = formatDuration(this.#since(since)).padStart(12)
    const often = usual === undefined ? '' : ` (usually ${formatDuration(usual)})`
    const head = cut(`  ${spinner(this.#ticks)} ${tier.padEnd(12)}${elapsed}${often}  ${operation}`.trimEnd(), width)
    return [this.#ink('cyan', head), ...this.#waitRows(wait, width)]
  }

  #waitRows(wait: Doing['wait'], width: number): string[] {
    if (!wait) return []
    const time = `${formatDuration(this.#since(wait.since))} of at most ${formatDuration(wait.ms)}`
    const whole = `waiting for ${wait.name}, ${time}`
    const what = whole.length <= width - 4 ? [whole] : [cut(`waiting for ${wait.name}`, width - 4), time]
    const reason = wrap(wait.reason, width - 6)
    const shown = reason.slice(0, REASON_ROWS)
    if (reason.length > REASON_ROWS) shown[REASON_ROWS - 1] += '…'
    return [...what.map((row) => `    ${row}`), ...shown.map((row) => `      ${row}`)].map((row) =>
      this.#ink('dim', cut(row, width)),
    )
  }

  #since(at: number): number {
    return Math.max(0, this.#clock.now() - at)
  }

  #refresh(): void {
    this.#ticks += 1
    this.#block.refresh()
  }
}

function nextDoing(event: RunEvent, before: Doing | null, events: readonly RunEvent[]): Doing | null {
  if (event.type === 'tier.started') {
    const { tier, at } = event
    return { tier, since: Date.parse(at), usual: usualMs(tier, events), operation: '', wait: null }
  }
  if (event.type === 'tier.ended' || event.type === 'run.ended' || event.type === 'run.interrupted') return null
  if (!before) return null
  if (event.type === 'operation.started') return { ...before, operation: oneLine(event.operation), wait: null }
  if (event.type === 'operation.ended' || event.type === 'check') return { ...before, operation: '', wait: null }
  if (event.type !== 'wait.progress') return before
  const { at, name, reason, waitedMs, deadlineMs } = event
  const since = Date.parse(at) - waitedMs
  return { ...before, wait: { name: oneLine(name), reason: oneLine(reason), since, ms: deadlineMs } }
}
