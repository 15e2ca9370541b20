import { type Clock, systemClock } from '../../lib/async/clock.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import type { Ink } from '../text/colors.ts'
import { cut, displayWidth, oneLine } from '../text/plain-text.ts'
import { LiveBlock } from './live-block.ts'
import { canRedraw, type Screen } from './screen.ts'
import { spinner, tick } from './tick.ts'

/** Of what runs at the same time; the others are counted. */
const MOST_ROWS = 8

export interface RunningBlockOptions {
  readonly stream: Screen
  readonly ink: Ink
  /** Default: the system's. */
  readonly clock?: Clock
  /** Whether lines may be drawn over. Default: by the stream and the environment. */
  readonly tty?: boolean
}

/**
 * Shows many runs that go on at the same time: lines that stay, and on a terminal one block below them with how far all is and what is running, each with its
 * time. Elsewhere the lines alone.
 */
export class RunningBlock {
  readonly #stream: Screen
  readonly #ink: Ink
  readonly #clock: Clock
  readonly #stop = new AbortController()
  readonly #block: LiveBlock | null
  #head = ''
  /** By name: since when, in epoch ms. */
  #running = new Map<string, number>()
  #ticks = 0

  constructor({ stream, ink, clock = systemClock, tty = canRedraw(stream) }: RunningBlockOptions) {
    this.#stream = stream
    this.#ink = ink
    this.#clock = clock
    const shared = [process.stdout, process.stderr].filter(({ isTTY }) => isTTY)
    this.#block = tty ? new LiveBlock({ stream, shared, now: () => clock.now(), rows: () => this.#rows() }) : null
    if (this.#block) void tick(clock, this.#stop.signal, () => this.#refresh())
  }

  /** True: there is a block, which tells what is running. */
  get isLive(): boolean {
    return this.#block !== null
  }

  /** Lines that stay. */
  print(lines: readonly string[]): void {
    if (this.#block) this.#block.print(lines)
    else for (const line of lines) this.#stream.write(`${line}\n`)
  }

  /** What stands in the block from now on: how far all is, and the names of what is running, each once. */
  show(head: string, running: readonly string[]): void {
    const now = this.#clock.now()
    this.#head = head
    this.#running = new Map(running.map((name) => [name, this.#running.get(name) ?? now]))
    this.#block?.refresh()
  }

  /** Takes the block away. May be called more than once. */
  close(): void {
    this.#stop.abort()
    this.#running.clear()
    this.#block?.close()
  }

  #refresh(): void {
    this.#ticks += 1
    this.#block?.refresh()
  }

  /** Each narrower than the terminal. */
  #rows(): string[] {
    if (this.#running.size === 0) return []
    const width = Math.max(10, (this.#stream.columns || 80) - 1)
    const all = [...this.#running].map(([name, since]) => ({ name: oneLine(name), since }))
    const shown = all.length > MOST_ROWS ? all.slice(0, MOST_ROWS - 1) : all
    const widest = Math.max(...shown.map(({ name }) => displayWidth(name)))
    const rows = shown.map(({ name, since }) => {
      const padding = ' '.repeat(widest - displayWidth(name))
      return `    ${name}${padding}${formatDuration(Math.max(0, this.#clock.now() - since)).padStart(14)}`
    })
    const more = all.length > shown.length ? [`    and ${all.length - shown.length} more`] : []
    return [
      this.#ink('cyan', cut(`  ${spinner(this.#ticks)} ${this.#head}`, width)),
      ...[...rows, ...more].map((row) => this.#ink('dim', cut(row, width))),
    ]
  }
}
