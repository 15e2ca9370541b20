import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import { debugLog } from '../../lib/debug.ts'
import { DeadlineError, messageOf } from '../../lib/errors.ts'
import { FencedError } from '../contract/errors.ts'
import { type Assignment, type Dispatch, LEASE } from '../contract/protocol.ts'

const debug = debugLog('worker')

/** A renewal without an answer for this long is sent again, in ms. */
const ANSWER_MS = 5000

export interface LeaseKeeperDeps {
  readonly dispatch: Pick<Dispatch, 'renew'>
  readonly clock: Clock
  readonly log: Logger
  readonly renewMs?: number
  /** When the assignment was asked for, by performance.now(): the lease began no earlier. */
  readonly since: number
  readonly onCancel: (reason: string) => void
  /** Called once when the lease is lost: the server says so, or it could not be renewed in time. */
  readonly onFenced: (reason: string) => void
}

/**
 * Renews the lease until the signal. Time is counted from the moment a renewal was sent, by the monotonic clock: the worker never learns later than the server
 * that the lease has expired, whatever happens to the wall clock, the network or the server.
 */
export async function keepLease(assignment: Assignment, deps: LeaseKeeperDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, renewMs = LEASE.renewMs } = deps
  let until = deps.since + assignment.leaseMs
  let cancelled = false
  while (!signal.aborted) {
    const sent = performance.now()
    try {
      const answer = await within(
        deps.dispatch.renew(assignment),
        Math.min(ANSWER_MS, Math.max(1, until - sent)),
        clock,
        signal,
      )
      until = sent + answer.leaseMs
      debug('lease renewed', { run: assignment.request.id, leaseMs: answer.leaseMs })
      if (answer.cancel !== null && !cancelled) {
        cancelled = true
        deps.onCancel(answer.cancel)
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof FencedError) return deps.onFenced('the run is not this worker’s any more')
      log.warn({ run: assignment.request.id, error: messageOf(error) }, 'lease renewal failed')
    }
    if (performance.now() >= until) return deps.onFenced('the lease ran out: the server could not be reached')
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
