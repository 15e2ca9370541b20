import type { Logger } from 'pino'
import type { Clock } from '../lib/async/clock.ts'
import { retry } from '../lib/async/retry.ts'
import { isUnavailable } from './contract/errors.ts'

const BACKOFF = { firstMs: 500, longestMs: 30_000 }
/** Longest pause for a database: it is our own and may be polled often, and people wait for these loops once it is back. */
const DATABASE_PAUSE_MS = 4_000

export interface LoopDeps {
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Runs `act` in a loop until the signal, whatever it throws: after an error it backs off, from half a second doubled up to half a
 * minute; an iteration that succeeds resets that. Never rejects.
 */
export async function superviseLoop(
  name: string,
  act: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  { clock, log }: LoopDeps,
): Promise<void> {
  const onFailure = (err: unknown, dueMs: number) => {
    const transient = isUnavailable(err)
    const pauseMs = transient && err.code === 'database-gone' ? Math.min(dueMs, DATABASE_PAUSE_MS) : dueMs
    if (transient) log.warn({ loop: name, error: err.message, pauseMs }, 'loop iteration failed; retrying')
    else log.error({ loop: name, err, pauseMs }, 'loop crashed; restarting')
    return pauseMs
  }
  // Only the signal ends it, and that is no error here.
  while (!signal.aborted) await retry(act, { backoff: BACKOFF, clock, signal, onFailure }).catch(() => undefined)
}
