import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { isPassing } from './passing.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000

export interface Insisting {
  readonly clock: Clock
  readonly log: Logger
  readonly what: string
  readonly signal: AbortSignal
}

/** Calls again, with longer pauses, while the server or its database is away. Throws what another try would meet again, and the signal's reason. */
export async function insist<T>(call: () => Promise<T>, { clock, log, what, signal }: Insisting): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted()
    try {
      return await call()
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error
      log.warn({ error: messageOf(error) }, `${what}: trying again`)
      await clock.sleep(pauseMs, signal)
    }
  }
}
