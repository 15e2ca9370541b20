import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import type { Answers } from '../contract/services.ts'
import type { Store } from '../contract/store.ts'

const EVERY_MS = 2000

export interface ReaperParts {
  readonly store: Pick<Store, 'expire'>
  readonly answers: Pick<Answers, 'runChanged'>
  readonly clock: Clock
  readonly log: Logger
  readonly everyMs?: number
}

/** Takes runs from workers that are gone, until the signal. A database or forge that is away is met again in the next round. */
export async function reapLeases(parts: ReaperParts, signal: AbortSignal): Promise<void> {
  const { clock, log, everyMs = EVERY_MS } = parts
  while (!signal.aborted) {
    try {
      await reapOnce(parts)
    } catch (err) {
      log.error({ err }, 'leases could not be looked through')
    }
    await clock.sleep(everyMs, signal).catch(() => {})
  }
}

async function reapOnce({ store, answers, clock, log }: ReaperParts): Promise<void> {
  for (const row of await store.expire(clock.now())) {
    log.warn({ run: row.request.id, attempt: row.attempt, state: row.state }, 'a run has lost its worker')
    await answers.runChanged(row)
  }
}
