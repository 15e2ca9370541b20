import { readRunIndex } from '../../history/run-index.ts'
import type { RunSummary } from '../../history/run-summary.ts'
import type { Clock } from '../../lib/clock.ts'

/** The index of many runs takes a moment to read, and pages and comments of one moment ask for the same one. */
const FRESH_MS = 2_000

/** All ended runs in the server's state folder, newest first, as the index of runs has them. */
export class RunsKnown {
  readonly #state: string
  readonly #clock: Pick<Clock, 'now'>
  #runs: readonly RunSummary[] = []
  #ids: ReadonlySet<string> = new Set()
  #readAt: number | null = null

  constructor(state: string, clock: Pick<Clock, 'now'>) {
    this.#state = state
    this.#clock = clock
  }

  /** With all of `needed`, where they have results: an older look that lacks one of them is not good enough. */
  including(...needed: readonly string[]): readonly RunSummary[] {
    const now = this.#clock.now()
    const fresh = this.#readAt !== null && Math.abs(now - this.#readAt) < FRESH_MS
    if (fresh && needed.every((id) => this.#ids.has(id))) return this.#runs
    this.#runs = readRunIndex(this.#state).runs
    this.#ids = new Set(this.#runs.map(({ id }) => id))
    this.#readAt = now
    return this.#runs
  }
}
