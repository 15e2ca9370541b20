import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import { retry } from '../lib/retry.ts'
import { isAway } from './contract/errors.ts'

const BACKOFF = { firstMs: 500, longestMs: 30_000 }
/** A database is ours and bears being asked: people wait for what these loops do once it is back. */
const DATABASE_PAUSE_MS = 4_000

export interface LoopParts {
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Runs `act` again and again until the signal, whatever it throws: after an error it waits half a second, doubled each time up to half a
 * minute; a round that ends well sets that back. Never rejects.
 */
export async function keepGoing(
  name: string,
  act: (signal: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
  { clock, log }: LoopParts,
): Promise<void> {
  const onFailure = (err: unknown, dueMs: number) => {
    const passing = isAway(err)
    const pauseMs = passing && err.code === 'database-gone' ? Math.min(dueMs, DATABASE_PAUSE_MS) : dueMs
    if (passing) log.warn({ loop: name, error: err.message, pauseMs }, 'again in a while')
    else log.error({ loop: name, err, pauseMs }, 'a loop failed and is started anew')
    return pauseMs
  }
  // Only the signal ends it, and that is no error here.
  while (!signal.aborted) await retry(act, { backoff: BACKOFF, clock, signal, onFailure }).catch(() => undefined)
}
