import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { isStoreUnavailable } from '../contract/errors.ts'
import { LEASE } from '../contract/protocol.ts'
import type { Publisher } from '../contract/services.ts'
import type { Store } from '../contract/store.ts'

const EVERY_MS = 2000

export interface LeaseReaperDeps {
  readonly store: Pick<Store, 'expire'>
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly clock: Clock
  readonly log: Logger
  readonly everyMs?: number
  /** How long a lease has to be renewed by the new time after a jump of the clock. Default: as long as leases last. */
  readonly graceMs?: number
}

/**
 * Expires leases of workers that are gone, until the signal. Where the database or the forge is unavailable, the next round tries again. After a
 * jump of the clock no lease expires for `graceMs`: an hour ahead would end all of them at once, and each worker gets that time to renew its own.
 */
export async function reapLeases(deps: LeaseReaperDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, everyMs = EVERY_MS, graceMs = LEASE.ms } = deps
  const watch = new ClockWatch()
  while (!signal.aborted) {
    try {
      const now = clock.now()
      if (!watch.jumpedWithin(graceMs, now)) await reapOnce(deps, now)
    } catch (err) {
      if (isStoreUnavailable(err)) log.warn({ error: messageOf(err) }, 'lease scan failed; will retry')
      else log.error({ err }, 'lease scan failed')
    }
    await clock.sleep(everyMs, signal).catch(() => {})
  }
}

async function reapOnce({ store, publisher, log }: LeaseReaperDeps, now: number): Promise<void> {
  for (const row of await store.expire(now)) {
    log.warn({ run: row.request.id, attempt: row.attempt, state: row.state }, 'lease expired; worker lost')
    await publisher.runChanged(row)
  }
}

/** More than this between the two clocks is a jump: corrections of NTP are smaller, or slow. */
const JUMP_MS = 2_000

/** Detects that the wall clock was set, or that this machine was suspended, by comparing it with the monotonic clock. */
export class ClockWatch {
  readonly #monotonic: () => number
  #apart: number | null = null
  #jumpedAt = Number.NEGATIVE_INFINITY

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic
  }

  /** `now`: the wall clock, epoch ms. True when a jump was detected within the last `ms`, by this call or an earlier one. */
  jumpedWithin(ms: number, now: number): boolean {
    const at = this.#monotonic()
    const apart = now - at
    if (this.#apart !== null && Math.abs(apart - this.#apart) > JUMP_MS) this.#jumpedAt = at
    this.#apart = apart
    return at - this.#jumpedAt < ms
  }
}
