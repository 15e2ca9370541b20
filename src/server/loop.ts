import type { Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import { isAway } from './contract/errors.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
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
  let pause = FIRST_PAUSE_MS
  while (!signal.aborted) {
    try {
      await act(signal)
      pause = FIRST_PAUSE_MS
    } catch (err) {
      if (signal.aborted) return
      const passing = isAway(err)
      if (passing && err.code === 'database-gone') pause = Math.min(pause, DATABASE_PAUSE_MS)
      if (passing) log.warn({ loop: name, error: err.message, pauseMs: pause }, 'again in a while')
      else log.error({ loop: name, err, pauseMs: pause }, 'a loop failed and is started anew')
      await clock.sleep(pause, signal).catch(() => undefined)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }
}
