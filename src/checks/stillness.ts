import { QUIET_MS } from '../config/rows/serving.ts'
import type { TimeSpan } from '../engine/convergence/activity.ts'
import { type Clock, systemClock } from '../lib/async/clock.ts'
import type { AppActivity } from './activity.ts'

/** A request may be written to the app's log a moment after its answer. */
const LATE_LINES_MS = 1_000
/** On a machine so busy that an answer takes seconds, 20 s are no time for the proxy and the engine either: so many must have told nothing new. */
const LEAST_ANSWERS = 5
/** So many answers that differ are no few by turns: something counts. */
const MOST_ANSWERS = 8
/** The last stretch before the decision: see `pauseMs`. Whatever works at least every 8 s shows in it. */
const SILENCE_MS = 12_000
/** How often to ask, by how long no new answer has come. */
const PACE = [
  { forMs: 10_000, everyMs: 2_500 },
  { forMs: 5_000, everyMs: 1_000 },
] as const
const AT_FIRST_MS = 250

export interface StillnessOptions {
  /** Default: QUIET_MS. */
  readonly quietMs?: number
  /** Default: nobody knows. */
  readonly activity?: AppActivity
  readonly clock?: Clock
}

/** One request and what came of it. */
export interface ObservedAnswer {
  /** Equal for answers that say the same. */
  readonly sign: string
  readonly request: TimeSpan
  /** What the app did during the request may be our doing, and is no sign that it gets on. */
  readonly excused: boolean
}

/**
 * Whether an answer has stood still together with the app, and how often to ask until then without disturbing it. An answer that was given before is
 * nothing new: a server that takes one connection at a time is not there between two, and of two replicas one may be broken.
 */
export class Stillness {
  readonly #quietMs: number
  readonly #activity: AppActivity | undefined
  readonly #clock: Clock
  #sign: string | null = null
  /** When the last one of the same in a row began, and the last one that was never given before. */
  #signSince = 0
  #since = 0
  /** How often each was given since then; 0: before it. */
  #times = new Map<string, number>()
  #excused: TimeSpan[] = []

  constructor({ quietMs = QUIET_MS, activity, clock = systemClock }: StillnessOptions) {
    this.#quietMs = quietMs
    this.#activity = activity
    this.#clock = clock
  }

  saw({ sign, request, excused }: ObservedAnswer): void {
    if (sign !== this.#sign) {
      this.#sign = sign
      this.#signSince = request.from
    }
    if (!this.#times.has(sign)) {
      this.#since = request.from
      const known = this.#times.size < MOST_ANSWERS ? [...this.#times.keys()] : []
      this.#times = new Map(known.map((other) => [other, 0]))
      this.#excused = []
    }
    this.#times.set(sign, (this.#times.get(sign) ?? 0) + 1)
    if (!excused) return
    const { from, to } = request
    this.#excused = this.#excused.filter((stretch) => stretch.to > from - this.#quietMs)
    this.#excused.push({ from, to: to + LATE_LINES_MS })
  }

  /** For how long each answer has been the very same. */
  sameMs(): number {
    return this.#clock.now() - this.#signSince
  }

  /** True: no new answer came, but not always the same. */
  takesTurns(): boolean {
    return [...this.#times.values()].filter((times) => times > 0).length > 1
  }

  /** For how long nothing has moved, neither the answer nor the app; null where nobody knows about the app. */
  stillMs(): number | null {
    return this.#stillSince(this.#excused)
  }

  /** True: the answer counts for good; of several by turns the most frequent one. `standsAlone`: it does so by itself where nobody knows about the app. */
  isDecided(standsAlone = false): boolean {
    const times = [...this.#times.values()]
    if (times.reduce((sum, one) => sum + one, 0) < LEAST_ANSWERS) return false
    if ((this.#times.get(this.#sign ?? '') ?? 0) < Math.max(...times)) return false
    return (this.stillMs() ?? (standsAlone ? this.sameMs() : -1)) >= this.#quietMs
  }

  /**
   * How long to leave the app alone before the next request. When the app did something only while requests of ours were with it, the last
   * stretch before the decision is without any: what it does then is its own work.
   */
  pauseMs(): number {
    const pace = PACE.find(({ forMs }) => this.#clock.now() - this.#since >= forMs)?.everyMs ?? AT_FIRST_MS
    const still = this.stillMs()
    if (still === null) return pace
    const left = this.#quietMs - still
    if (left <= 0 || left > SILENCE_MS) return pace
    const doubtful = (this.#stillSince([]) ?? 0) < still
    return doubtful ? left : Math.min(pace, left)
  }

  #stillSince(excused: readonly TimeSpan[]): number | null {
    const lastAt = this.#activity?.lastAt(excused) ?? null
    return lastAt === null ? null : this.#clock.now() - Math.max(this.#since, lastAt)
  }
}
