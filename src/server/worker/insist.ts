import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { CcCiError, messageOf } from '../../lib/errors.ts'
import { retry } from '../../lib/retry.ts'
import { isPassing } from './passing.ts'

const BACKOFF = { firstMs: 250, longestMs: 5000 }

export interface Insisting {
  readonly clock: Clock
  readonly log: Logger
  readonly what: string
  readonly signal: AbortSignal
  /** Codes that may pass too, beside those that always may. */
  readonly also?: readonly string[]
  /** So long after the first failure no other try is made, in ms. Default: until the signal. */
  readonly withinMs?: number
}

/** Calls again, with longer pauses, while the server or its database is away. Throws what another try would meet again, and the signal's reason. */
export async function insist<T>(call: () => Promise<T>, options: Insisting): Promise<T> {
  const { clock, log, what, signal, also = [], withinMs = Number.POSITIVE_INFINITY } = options
  let until: number | null = null
  const onFailure = (error: unknown, pauseMs: number) => {
    const mayPass = isPassing(error) || (error instanceof CcCiError && also.includes(error.code))
    until ??= performance.now() + withinMs
    if (!mayPass || performance.now() >= until) throw error
    log.warn({ error: messageOf(error) }, `${what}: trying again`)
    return pauseMs
  }
  return retry(call, { backoff: BACKOFF, clock, signal, onFailure })
}
