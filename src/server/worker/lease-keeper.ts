import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { DeadlineError, messageOf } from '../../lib/errors.ts'
import { FencedError } from '../contract/errors.ts'
import { type Assignment, type Dispatch, LEASE } from '../contract/protocol.ts'

/** A renewal without an answer for so long is sent again. */
const ANSWER_MS = 5000

export interface LeaseKeeperParts {
  readonly dispatch: Pick<Dispatch, 'renew'>
  readonly clock: Clock
  readonly log: Logger
  readonly renewMs?: number
  /** When the assignment was asked for, by performance.now(): the lease began no earlier. */
  readonly since: number
  readonly onCancel: (reason: string) => void
  /** Called once: the run is not ours any more, by the server's word or because nobody could renew the lease in its time. */
  readonly onFenced: (reason: string) => void
}

/**
 * Renews the lease until the signal. Time is counted from the moment a renewal was sent, by the monotonic clock: we are never the last to learn
 * that the lease is over, whatever happens to the wall clock, the network or the server.
 */
export async function keepLease(held: Assignment, parts: LeaseKeeperParts, signal: AbortSignal): Promise<void> {
  const { clock, log, renewMs = LEASE.renewMs } = parts
  let until = parts.since + held.leaseMs
  let cancelled = false
  while (!signal.aborted) {
    const sent = performance.now()
    try {
      const answer = await within(
        parts.dispatch.renew(held),
        Math.min(ANSWER_MS, Math.max(1, until - sent)),
        clock,
        signal,
      )
      until = sent + answer.leaseMs
      if (answer.cancel !== null && !cancelled) {
        cancelled = true
        parts.onCancel(answer.cancel)
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof FencedError) return parts.onFenced('the run is not this worker’s any more')
      log.warn({ run: held.request.id, error: messageOf(error) }, 'the lease could not be renewed')
    }
    if (performance.now() >= until) return parts.onFenced('the lease ran out: the server could not be reached')
    await clock.sleep(Math.min(renewMs, Math.max(1, until - performance.now())), signal).catch(() => {})
  }
}

async function within<T>(act: Promise<T>, ms: number, clock: Clock, outer: AbortSignal): Promise<T> {
  const own = new AbortController()
  const late = clock.sleep(ms, AbortSignal.any([outer, own.signal])).then(() => {
    throw new DeadlineError('no-answer', 'the server did not answer in time')
  })
  late.catch(() => {})
  try {
    return await Promise.race([act, late])
  } finally {
    own.abort()
  }
}
