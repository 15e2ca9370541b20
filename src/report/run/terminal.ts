import { type Clock, systemClock } from '../../lib/async/clock.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { type RunEvent, upgradePath } from '../../verdict/events.ts'
import { fold } from '../../verdict/fold.ts'
import type { TierResult } from '../../verdict/results.ts'
import type { TierId } from '../../verdict/tiers.ts'
import { type Ink, inkFor, SIGNS, wantsColor } from '../text/colors.ts'
import { cut, oneLine } from '../text/plain-text.ts'
import { manifestLines } from './manifest.ts'

export { summaryText } from './summary.ts'

const TICK_MS = 250
const WAIT_LASTS_MS = 2_000
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface TerminalOptions {
  readonly stream: Screen
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: what the stream says. */
  readonly tty?: boolean
  /** Default: by NO_COLOR, FORCE_COLOR and the stream. */
  readonly color?: boolean
}

export interface TerminalReporter {
  onEvent(event: RunEvent): void
  /** Stops the clock and leaves the last state on the screen. May be called more than once. */
  close(): void
}

/**
 * Shows a run while it goes. On a terminal: finished tiers scroll up, under them one line that moves, with the tier, its elapsed
 * time, and what is waited for and why. Elsewhere: one line for each thing that happens, and for each wait that lasts.
 */
export function terminalReporter({
  stream,
  clock = systemClock,
  tty = stream.isTTY === true,
  color = wantsColor(tty),
}: TerminalOptions): TerminalReporter {
  const ink = inkFor(color)
  return tty ? new LiveReporter(stream, clock, ink) : new LineReporter(stream, clock, ink)
}

/** What is going on right now, kept from the events. */
interface Doing {
  readonly tier: TierId
  readonly since: number
  readonly operation: string
  readonly waiting: string
}

class LiveReporter implements TerminalReporter {
  readonly #stream: Screen
  readonly #clock: Clock
  readonly #ink: Ink
  readonly #events: RunEvent[] = []
  readonly #stop = new AbortController()
  #doing: Doing | null = null
  #frame = 0
  #drawn = 0

  constructor(stream: Screen, clock: Clock, ink: Ink) {
    this.#stream = stream
    this.#clock = clock
    this.#ink = ink
    void this.#tick()
  }

  onEvent(event: RunEvent): void {
    this.#events.push(event)
    this.#doing = nowDoing(event, this.#doing)
    this.#draw(rowsOf(event, this.#events, this.#ink, { live: true }))
  }

  close(): void {
    if (this.#stop.signal.aborted) return
    this.#stop.abort()
    this.#doing = null
    this.#draw([])
  }

  /** Replaces the moving lines: first what stays, then the new moving lines, in one write, so that nothing flickers. */
  #draw(staying: readonly string[]): void {
    const erase = this.#drawn > 0 ? `\u001b[${this.#drawn}A\r\u001b[J` : ''
    const moving = this.#moving()
    this.#drawn = moving.length
    const text = [...staying, ...moving].map((row) => `${row}\n`).join('')
    if (erase !== '' || text !== '') this.#stream.write(erase + text)
  }

  /** Each row fits the width, so that the number of rows is the number of lines on the screen. */
  #moving(): string[] {
    if (!this.#doing) return []
    const { tier, since, operation, waiting } = this.#doing
    const width = Math.max(20, (this.#stream.columns ?? 80) - 1)
    const elapsed = `${formatDuration(Math.max(0, this.#clock.now() - since))}${usualText(tier, this.#events)}`
    const head = cut(
      `${FRAMES[this.#frame % FRAMES.length]} ${tier.padEnd(12)}${elapsed.padStart(9)}  ${operation}`,
      width - 2,
    )
    const row = `  ${this.#ink('cyan', head)}`
    return waiting === '' ? [row] : [row, `    ${this.#ink('dim', cut(waiting, width - 4))}`]
  }

  async #tick(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#clock.sleep(TICK_MS, this.#stop.signal).catch((error: unknown) => {
        if (!this.#stop.signal.aborted) throw error
      })
      this.#frame += 1
      if (this.#doing && !this.#stop.signal.aborted) this.#draw([])
    }
  }
}

interface Held {
  readonly name: string
  readonly gone: AbortController
  rows: readonly string[]
}

class LineReporter implements TerminalReporter {
  readonly #stream: Screen
  readonly #clock: Clock
  readonly #ink: Ink
  readonly #events: RunEvent[] = []
  #last = ''
  #held: Held | null = null

  constructor(stream: Screen, clock: Clock, ink: Ink) {
    this.#stream = stream
    this.#clock = clock
    this.#ink = ink
  }

  onEvent(event: RunEvent): void {
    this.#events.push(event)
    const rows = rowsOf(event, this.#events, this.#ink, { live: false })
    if (event.type === 'wait.progress') this.#hold(event.name, rows)
    else {
      this.#letGo()
      this.#write(rows)
    }
  }

  close(): void {
    this.#letGo()
    this.#last = ''
  }

  /** A wait is worth a line once it has lasted: most are over within a second. Then it is printed with its newest reason. */
  #hold(name: string, rows: readonly string[]): void {
    if (this.#held?.name === name) {
      this.#held.rows = rows
      return
    }
    this.#letGo()
    const held: Held = { name, rows, gone: new AbortController() }
    this.#held = held
    this.#clock.sleep(WAIT_LASTS_MS, held.gone.signal).then(
      () => {
        this.#held = null
        this.#write(held.rows)
      },
      () => undefined,
    )
  }

  #letGo(): void {
    this.#held?.gone.abort()
    this.#held = null
  }

  #write(rows: readonly string[]): void {
    for (const row of rows) {
      if (row !== this.#last) this.#stream.write(`${row}\n`)
      this.#last = row
    }
  }
}

function nowDoing(event: RunEvent, before: Doing | null): Doing | null {
  if (event.type === 'tier.started')
    return { tier: event.tier, since: Date.parse(event.at), operation: '', waiting: '' }
  if (event.type === 'tier.ended' || event.type === 'run.ended' || event.type === 'run.interrupted') return null
  if (!before) return null
  if (event.type === 'operation.started') return { ...before, operation: oneLine(event.operation), waiting: '' }
  if (event.type === 'operation.ended' || event.type === 'check') return { ...before, operation: '', waiting: '' }
  if (event.type === 'wait.progress') return { ...before, waiting: waitText(event) }
  return before
}

function waitText({ name, reason, deadlineMs }: Extract<RunEvent, { type: 'wait.progress' }>): string {
  return `waiting for ${oneLine(name)}: ${oneLine(reason)} (at most ${formatDuration(deadlineMs)})`
}

/** The lines that an event leaves on the screen. What moves on a terminal is a line of its own elsewhere. */
function rowsOf(event: RunEvent, events: readonly RunEvent[], ink: Ink, { live }: { live: boolean }): string[] {
  switch (event.type) {
    case 'run.started':
      return startRows(event, ink)
    case 'tier.started':
      return live ? [] : [`  ${event.tier}: begins${usualText(event.tier, events)}`]
    case 'operation.started':
      return live ? [] : [`  ${event.tier}: ${oneLine(event.operation)}`]
    case 'wait.progress':
      return live ? [] : [`  ${event.tier}: ${waitText(event)}`]
    case 'tier.ended':
    case 'tier.skipped':
    case 'tier.blocked':
      return [tierRow(event.tier, events, ink)]
    case 'attempt.started':
      return [`  ${ink('yellow', `↻ once more on a fresh stack: ${oneLine(event.because)}, which may be chance`)}`]
    case 'leak':
      return [`  ${ink('yellow', `!! left behind: ${event.kind} ${oneLine(event.name)}`)}`]
    case 'run.interrupted':
      return [`  ${ink('yellow', `!! stopped by ${event.signal}: removing what was made`)}`]
    case 'note':
      return [`  ${ink('dim', oneLine(event.text))}`]
    default:
      return []
  }
}

/** ` (usually 40.1 s)`, where earlier runs tell. */
function usualText(tier: TierId, [first]: readonly RunEvent[]): string {
  const expected = first?.type === 'run.started' ? first.expected?.tiers.find(({ id }) => id === tier) : undefined
  return expected ? ` (usually ${formatDuration(expected.p50Ms)})` : ''
}

function startRows(event: Extract<RunEvent, { type: 'run.started' }>, ink: Ink): string[] {
  const { recipe, base, run, domain, customization } = event
  const version = recipe.version ? ` ${oneLine(recipe.version)}` : ''
  const from = base ? `, upgraded from ${oneLine(upgradePath(base))}` : ''
  return [
    `${ink('bold', `${oneLine(recipe.name)}${version}`)}${from}`,
    `  ${ink('dim', `run ${run.id}  ${oneLine(domain)}`)}`,
    ...manifestLines(customization).map((line) => `  ${ink(line.startsWith('refused') ? 'yellow' : 'dim', line)}`),
  ]
}

/** The outcome so far, from the same rules as the verdict: a view has no opinion of its own. */
function tierRow(tier: TierId, events: readonly RunEvent[], ink: Ink): string {
  const result = fold(events).tiers.find(({ id }) => id === tier) as TierResult
  const { sign, style } = SIGNS[result.status]
  const time = (result.startedAt ? formatDuration(result.durationMs) : '').padStart(9)
  const why = result.cause ? `${result.cause.code}: ${result.reason}` : result.reason
  return `  ${ink(style, sign)} ${tier.padEnd(12)}${time}  ${ink(result.status === 'pass' ? 'dim' : style, cut(oneLine(why), 120))}`
}
