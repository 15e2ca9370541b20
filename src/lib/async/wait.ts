import { debugLog } from '../debug.ts'
import { messageOf } from '../errors.ts'
import { type Clock, systemClock } from './clock.ts'
import { type WaitProgress, type WaitRef, waitFacts } from './waits.ts'

/**
 * What one look at the world says about a wait. `impossible` ends it at once; its `value` says why and is the caller's
 * type, because only the caller knows what counts as a cause.
 */
export type Condition<T, C> =
  | { readonly state: 'ready'; readonly value: T }
  | { readonly state: 'waiting'; readonly reason: string }
  | { readonly state: 'impossible'; readonly cause: C }

export type WaitResult<T, C> =
  | { readonly state: 'ready'; readonly value: T; readonly waitedMs: number }
  | { readonly state: 'impossible'; readonly cause: C; readonly waitedMs: number }
  | { readonly state: 'deadline'; readonly lastSeen: string; readonly waitedMs: number }

export type WaitOptions = WaitBounds & (ReportedWait | SilentWait)

/** Its progress is reported: the table of waits has it. */
interface ReportedWait {
  readonly wait: WaitRef
  readonly name?: undefined
  /** Called when the reason changes, with what is being waited for. */
  readonly onWaiting?: OnWaiting | undefined
}

interface SilentWait {
  /** For whoever reads the code: "the edge to answer". */
  readonly name: string
  readonly wait?: undefined
  readonly onWaiting?: undefined
}

export type OnWaiting = (progress: WaitProgress) => void

const debug = debugLog('wait')

interface WaitBounds {
  readonly timeoutMs: number
  /** The poll that backs up the events; a function is asked before each pause. Default 500 ms. */
  readonly everyMs?: number | (() => number)
  readonly signal?: AbortSignal
  readonly clock?: Clock
  /** Resolves when something happened that makes another look worthwhile before the poll is due. */
  readonly wake?: (signal: AbortSignal) => Promise<void>
}

/**
 * Looks until the condition is ready or impossible, or the deadline passes. `look` may throw: that ends the wait, because
 * an error is not "not yet". The deadline also bounds a single look that hangs.
 */
export async function waitFor<T, C>(
  look: (signal: AbortSignal) => Promise<Condition<T, C>>,
  options: WaitOptions,
): Promise<WaitResult<T, C>> {
  if (!debug.enabled) return poll(look, options)
  const what = options.wait ? waitFacts(options.wait) : { name: options.name }
  debug('wait started', { ...what, timeoutMs: options.timeoutMs })
  try {
    const result = await poll(look, options)
    const { state, waitedMs } = result
    debug('wait ended', { ...what, state, waitedMs, ...(state === 'deadline' ? { lastSeen: result.lastSeen } : {}) })
    return result
  } catch (error) {
    debug('wait failed', { ...what, error: messageOf(error) })
    throw error
  }
}

async function poll<T, C>(
  look: (signal: AbortSignal) => Promise<Condition<T, C>>,
  options: WaitOptions,
): Promise<WaitResult<T, C>> {
  const { wait, timeoutMs, everyMs = 500, clock = systemClock, wake, onWaiting } = options
  const start = clock.now()
  const waitedMs = () => clock.now() - start
  let lastSeen = 'nothing yet'
  while (waitedMs() < timeoutMs) {
    options.signal?.throwIfAborted()
    const seen = await within(look, timeoutMs - waitedMs(), clock, options.signal)
    if (seen === undefined) break
    if (seen.state !== 'waiting') return { ...seen, waitedMs: waitedMs() }
    if (seen.reason !== lastSeen && wait)
      onWaiting?.({ ...waitFacts(wait), reason: seen.reason, waitedMs: waitedMs(), timeoutMs })
    lastSeen = seen.reason
    const pauseMs = typeof everyMs === 'function' ? everyMs() : everyMs
    await pause(Math.min(pauseMs, Math.max(1, timeoutMs - waitedMs())), clock, wake, options.signal)
  }
  return { state: 'deadline', lastSeen, waitedMs: waitedMs() }
}

async function within<T>(
  act: (signal: AbortSignal) => Promise<T>,
  ms: number,
  clock: Clock,
  outer?: AbortSignal,
): Promise<T | undefined> {
  const own = new AbortController()
  const signal = outer ? AbortSignal.any([outer, own.signal]) : own.signal
  const late = clock.sleep(ms, signal).then(
    () => undefined,
    () => {
      outer?.throwIfAborted()
      return undefined
    },
  )
  try {
    return await Promise.race([act(signal), late])
  } finally {
    own.abort()
  }
}

async function pause(ms: number, clock: Clock, wake?: WaitOptions['wake'], outer?: AbortSignal): Promise<void> {
  const own = new AbortController()
  const signal = outer ? AbortSignal.any([outer, own.signal]) : own.signal
  const quiet = (promise: Promise<void>) =>
    promise.catch((error: unknown) => {
      if (!own.signal.aborted) throw error
    })
  try {
    await Promise.race([quiet(clock.sleep(ms, signal)), ...(wake ? [quiet(wake(signal))] : [])])
  } finally {
    own.abort()
  }
}
