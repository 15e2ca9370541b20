import { existsSync } from 'node:fs'
import { readRunIndex } from '../../history/run-index.ts'
import type { RunSummary } from '../../history/run-summary.ts'
import type { Clock } from '../../lib/async/clock.ts'
import { listRuns, runFolder } from '../../lifecycle/run-folder.ts'

/** Pages and comments of one moment ask for the same runs. */
const FRESH_MS = 2_000

/** All ended runs in the server's state folder, newest first, as the index of runs has them; the index is read only where a run has ended since. */
export class KnownRuns {
  readonly #state: string
  readonly #clock: Pick<Clock, 'now'>
  #runs: readonly RunSummary[] | null = null
  /** Those whose results were read, damaged ones too. */
  #read: ReadonlySet<string> = new Set()
  #lookedAt = 0

  constructor(state: string, clock: Pick<Clock, 'now'>) {
    this.#state = state
    this.#clock = clock
  }

  /** With all of `needed`, where they have results: an older look that lacks one of them is not good enough. */
  including(...needed: readonly string[]): readonly RunSummary[] {
    const now = this.#clock.now()
    const fresh = Math.abs(now - this.#lookedAt) < FRESH_MS && needed.every((id) => this.#read.has(id))
    if (this.#runs !== null && fresh) return this.#runs
    this.#lookedAt = now
    this.#runs = this.#withoutGone() ?? this.#readAll()
    return this.#runs
  }

  /** What is known is all there is, but for folders that are gone; null: a run has ended since. */
  #withoutGone(): readonly RunSummary[] | null {
    if (this.#runs === null) return null
    const ids = new Set(listRuns(this.#state))
    const news = [...ids].some((id) => !this.#read.has(id) && existsSync(runFolder(this.#state, id).results))
    return news ? null : this.#runs.filter(({ id }) => ids.has(id))
  }

  #readAll(): readonly RunSummary[] {
    const { runs, damaged } = readRunIndex(this.#state)
    this.#read = new Set([...runs, ...damaged].map(({ id }) => id))
    return runs
  }
}
