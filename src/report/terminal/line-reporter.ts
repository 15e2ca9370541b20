import type { Clock } from '../../lib/async/clock.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { withoutNumbers } from '../../lib/text/fold-repeats.ts'
import type { RunEvent } from '../../verdict/events.ts'
import type { Ink } from '../text/colors.ts'
import { oneLine } from '../text/plain-text.ts'
import { stayingRows, usualMs } from './event-rows.ts'
import type { TerminalReporter } from './reporter.ts'
import type { Screen } from './screen.ts'

/** Most waits are over within a second. */
const WAIT_LASTS_MS = 2_000
/** What was told already is told again after so long, as a sign that it still lasts. */
const AGAIN_MS = 60_000

type Wait = Extract<RunEvent, { type: 'wait.progress' }>

/** Lines for a pipe, a file, or the log of a CI system: nothing is cut or drawn over. */
export class LineReporter implements TerminalReporter {
  readonly #stream: Screen
  readonly #clock: Clock
  readonly #ink: Ink
  readonly #events: RunEvent[] = []
  /** What was said of waits in this tier, numbers aside, and when. */
  readonly #told = new Map<string, number>()
  #last = ''
  #wait: Wait | null = null
  #over = new AbortController()

  constructor({ stream, clock, ink }: { readonly stream: Screen; readonly clock: Clock; readonly ink: Ink }) {
    this.#stream = stream
    this.#clock = clock
    this.#ink = ink
  }

  onEvent(event: RunEvent): void {
    this.#events.push(event)
    if (event.type === 'wait.progress') {
      this.#hold(event)
      return
    }
    this.#letGo()
    if (event.type === 'tier.started') this.#told.clear()
    this.#write([...doingRows(event, this.#events), ...stayingRows(event, this.#events, this.#ink)])
  }

  close(): void {
    this.#letGo()
  }

  /** A wait is worth a line once it has lasted. Then it is told with its newest reason. */
  #hold(wait: Wait): void {
    const before = this.#wait
    if (before && before.name !== wait.name) this.#letGo()
    const begins = this.#wait === null
    this.#wait = wait
    if (!begins) return
    const over = new AbortController()
    this.#over = over
    this.#clock.sleep(WAIT_LASTS_MS, over.signal).then(
      () => this.#tell(),
      () => undefined,
    )
  }

  #letGo(): void {
    this.#over.abort()
    this.#wait = null
  }

  /** Once for each reason: a counter in it, or a reason that comes and goes, is no news. */
  #tell(): void {
    const wait = this.#wait
    if (!wait) return
    this.#wait = null
    const what = withoutNumbers(`${wait.name}: ${wait.reason}`)
    const before = this.#told.get(what)
    if (before !== undefined && this.#clock.now() - before < AGAIN_MS) return
    this.#told.set(what, this.#clock.now())
    const { tier, name, reason, deadlineMs } = wait
    this.#write([`  ${tier}: waiting for ${oneLine(name)}: ${oneLine(reason)} (at most ${formatDuration(deadlineMs)})`])
  }

  #write(rows: readonly string[]): void {
    for (const row of rows) {
      if (row !== this.#last) this.#stream.write(`${row}\n`)
      this.#last = row
    }
  }
}

/** What the live block shows as it happens. */
function doingRows(event: RunEvent, events: readonly RunEvent[]): string[] {
  if (event.type === 'operation.started') return [`  ${event.tier}: ${oneLine(event.operation)}`]
  if (event.type !== 'tier.started') return []
  const usual = usualMs(event.tier, events)
  return [`  ${event.tier}: begins${usual === undefined ? '' : ` (usually ${formatDuration(usual)})`}`]
}
