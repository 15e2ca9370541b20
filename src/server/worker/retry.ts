import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import { retry } from '../../lib/async/retry.ts'
import { CcCiError, messageOf } from '../../lib/errors.ts'
import { isUnavailable } from '../contract/errors.ts'

const BACKOFF = { firstMs: 250, longestMs: 5000 }

export interface TransientRetryOptions {
  readonly clock: Clock
  readonly log: Logger
  /** The call, for the log. */
  readonly call: string
  readonly signal: AbortSignal
  /** Codes of errors that are transient for this call, beside those that always are. */
  readonly also?: readonly string[]
  /** No retry later than this after the first failure, in ms. Default: until the signal. */
  readonly withinMs?: number
}

/** Retries with backoff while the server or its database is unavailable. Throws errors that a retry cannot fix, and the signal's reason. */
export async function withRetry<T>(call: () => Promise<T>, options: TransientRetryOptions): Promise<T> {
  const { clock, log, call: name, signal, also = [], withinMs = Number.POSITIVE_INFINITY } = options
  let until: number | null = null
  const onFailure = (error: unknown, pauseMs: number) => {
    const isRetryable = isTransient(error) || (error instanceof CcCiError && also.includes(error.code))
    until ??= performance.now() + withinMs
    if (!isRetryable || performance.now() >= until) throw error
    log.warn({ call: name, error: messageOf(error) }, 'call failed; retrying')
    return pauseMs
  }
  return retry(call, { backoff: BACKOFF, clock, signal, onFailure })
}

/** Codes of a server that cannot be reached. */
const SERVER_UNAVAILABLE = ['server-gone', 'no-answer']

/** Whether a retry may succeed. */
function isTransient(error: unknown): boolean {
  return isUnavailable(error) || (error instanceof CcCiError && SERVER_UNAVAILABLE.includes(error.code))
}
