import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { isStoreAway } from '../contract/errors.ts'
import { LEASE } from '../contract/protocol.ts'
import type { Publisher } from '../contract/services.ts'
import type { Store } from '../contract/store.ts'
import { ClockWatch } from './clock-watch.ts'

const EVERY_MS = 2000

export interface ReaperParts {
  readonly store: Pick<Store, 'expire'>
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly clock: Clock
  readonly log: Logger
  readonly everyMs?: number
  /** How long a lease has to be renewed by the new time after a jump of the clock. Default: as long as leases last. */
  readonly graceMs?: number
}

/**
 * Takes runs from workers that are gone, until the signal. A database or forge that is away is met again in the next round. After a jump of the
 * clock nobody is gone for a while: an hour ahead would end every lease at once, and each worker has until then to renew its own.
 */
export async function reapLeases(parts: ReaperParts, signal: AbortSignal): Promise<void> {
  const { clock, log, everyMs = EVERY_MS, graceMs = LEASE.ms } = parts
  const watch = new ClockWatch()
  while (!signal.aborted) {
    try {
      const now = clock.now()
      if (!watch.jumpedWithin(graceMs, now)) await reapOnce(parts, now)
    } catch (err) {
      if (isStoreAway(err)) log.warn({ error: messageOf(err) }, 'leases are looked through again in a while')
      else log.error({ err }, 'leases could not be looked through')
    }
    await clock.sleep(everyMs, signal).catch(() => {})
  }
}

async function reapOnce({ store, publisher, log }: ReaperParts, now: number): Promise<void> {
  for (const row of await store.expire(now)) {
    log.warn({ run: row.request.id, attempt: row.attempt, state: row.state }, 'a run has lost its worker')
    await publisher.runChanged(row)
  }
}
