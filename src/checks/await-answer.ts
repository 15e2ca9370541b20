import { QUIET_MS } from '../config/rows/serving.ts'
import { type Clock, systemClock } from '../lib/async/clock.ts'
import { type OnWaiting, waitFor } from '../lib/async/wait.ts'
import type { WaitRef } from '../lib/async/waits.ts'
import { formatDuration } from '../lib/text/duration.ts'
import type { Cause } from '../verdict/causes.ts'
import type { CheckOutcome } from '../verdict/events.ts'
import type { AppActivity } from './activity.ts'
import { Stillness } from './stillness.ts'

/** An answer, or none, that is not what is waited for. */
export interface UnwantedAnswer {
  readonly outcome: Exclude<CheckOutcome, 'pass'>
  readonly cause: Cause
  /** Equal for answers that say the same. */
  readonly sign: string
  /** What stays so, for a person: `the answer stayed 500`. */
  readonly stayed: string
  /** See `ObservedAnswer`. */
  readonly excused: boolean
  /** Decided by standing alone where nobody knows about the app. */
  readonly standsAlone?: boolean
  /** True: nothing that is still to come can change it. */
  readonly final?: boolean
  /** A look that costs more and tells more: asked once this has stood for a moment, and again when the wait ends. Null: nothing new. */
  readonly closer?: (signal: AbortSignal) => Promise<{ readonly cause: Cause; readonly final: boolean } | null>
}

export type AnswerResult<T> =
  | { readonly state: 'wanted'; readonly value: T }
  | { readonly state: 'unwanted'; readonly seen: UnwantedAnswer }

export interface AnswerWait {
  readonly wait: WaitRef
  readonly timeoutMs: number
  /** What it ends with when not one request came to an end. */
  readonly unasked: UnwantedAnswer
  /** Default: QUIET_MS. */
  readonly quietMs?: number
  /** Default: nobody knows when the app works, so that quiet decides nothing. */
  readonly activity?: AppActivity
  readonly signal: AbortSignal
  readonly clock?: Clock
  readonly onWaiting?: OnWaiting
}

/** An answer that a server restarts into lasts less. */
const STANDS_MS = 3_000

/**
 * THE wait for an answer over HTTP: asks until it is the wanted one. It ends before the deadline when the answer is final, or when neither it nor
 * the app has moved for QUIET_MS: then the cause is deterministic. What was seen last has a last line that says why the wait ended.
 */
export async function awaitAnswer<T>(
  request: (signal: AbortSignal) => Promise<AnswerResult<T>>,
  options: AnswerWait,
): Promise<AnswerResult<T>> {
  const { wait, timeoutMs, quietMs = QUIET_MS, activity, signal, clock = systemClock, onWaiting } = options
  const stillness = new Stillness({ quietMs, activity, clock })
  const closer = new CloserLooks(signal)
  let last = options.unasked
  const look = async (looking: AbortSignal) => {
    const from = clock.now()
    const answer = await request(looking)
    if (answer.state === 'wanted') return { state: 'ready' as const, value: answer }
    stillness.saw({ ...answer.seen, request: { from, to: clock.now() } })
    last = answer.seen
    const known = stillness.sameMs() >= STANDS_MS ? await closer.once(last) : last
    if (known.final) last = known
    if (last.final) return { state: 'impossible' as const, cause: 'more waiting would not change it' }
    if (stillness.isDecided(last.standsAlone)) {
      const stayed = stillness.takesTurns() ? 'no new answer came; this one came most often' : last.stayed
      const cause = `nothing moved for ${seconds(quietMs)}, and ${stayed}`
      return { state: 'impossible' as const, cause }
    }
    return { state: 'waiting' as const, reason: known.cause.message }
  }
  const waited = await waitFor(look, {
    ...{ wait, timeoutMs, signal, clock, onWaiting },
    everyMs: () => stillness.pauseMs(),
  })
  if (waited.state === 'ready') return waited.value
  const seen = last.final ? last : await closer.last(last)
  if (waited.state === 'deadline') return ended(seen, overdue(timeoutMs, stillness.stillMs()), {})
  return ended(seen, waited.cause, seen.outcome === 'fail' ? { deterministic: true } : {})
}

/** The costly looks of one wait: one while it is active, for each kind of answer, and one at its end. */
class CloserLooks {
  readonly #signal: AbortSignal
  readonly #found = new Map<string, Pick<UnwantedAnswer, 'cause' | 'final'> | null>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  async once(seen: UnwantedAnswer): Promise<UnwantedAnswer> {
    const known = this.#found.get(seen.sign)
    if (known !== undefined) return { ...seen, ...known }
    return this.last(seen)
  }

  async last(seen: UnwantedAnswer): Promise<UnwantedAnswer> {
    const more = (await seen.closer?.(this.#signal)) ?? null
    this.#found.set(seen.sign, more)
    return { ...seen, ...more }
  }
}

function ended<T>(seen: UnwantedAnswer, why: string, more: { deterministic?: boolean }): AnswerResult<T> {
  const { cause } = seen
  return { state: 'unwanted', seen: { ...seen, cause: { ...cause, ...more, lines: [...cause.lines, why] } } }
}

/** The time is over: what the app did last says whether more of it may help. */
function overdue(timeoutMs: number, stillMs: number | null): string {
  const over = `the time for it, ${seconds(timeoutMs)}, is over`
  return stillMs === null ? over : `${over}; something moved until ${seconds(stillMs)} ago`
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : formatDuration(ms)
}
