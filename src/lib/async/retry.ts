import type { Clock } from './clock.ts'

/** Pauses between tries, in ms: the first one, doubled each time up to the longest. */
export interface Backoff {
  readonly firstMs: number
  readonly longestMs: number
}

export interface RetryOptions {
  readonly backoff: Backoff
  readonly clock: Clock
  readonly signal: AbortSignal
  /**
   * Called after each failure with the pause that is due now; gives how long to wait before the next try, in ms. What it throws ends the
   * retries: throw the error itself where another try would meet it again.
   */
  readonly onFailure: (error: unknown, pauseMs: number) => number
}

/**
 * Calls until it succeeds, one call at a time, with pauses between them. Rejects with what `onFailure` throws and with the signal's reason; a
 * call that fails while the signal aborts is the last, and its error is thrown.
 */
export async function retry<T>(call: (signal: AbortSignal) => Promise<T>, options: RetryOptions): Promise<T> {
  const { backoff, clock, signal, onFailure } = options
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted()
    try {
      return await call(signal)
    } catch (error) {
      if (signal.aborted) throw error
      await clock.sleep(onFailure(error, pauseAfter(failures, backoff)), signal)
    }
  }
}

/** The pause after so many failures in a row (1: the first one), in ms. */
export function pauseAfter(failures: number, { firstMs, longestMs }: Backoff): number {
  return Math.min(firstMs * 2 ** (failures - 1), longestMs)
}
