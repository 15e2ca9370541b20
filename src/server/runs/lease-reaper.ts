import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { isStoreAway } from '../contract/errors.ts'
import { LEASE } from '../contract/protocol.ts'
import type { Answers } from '../contract/services.ts'
import type { Store } from '../contract/store.ts'

const EVERY_MS = 2000

export interface ReaperParts {
  readonly store: Pick<Store, 'expire'>
  readonly answers: Pick<Answers, 'runChanged'>
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

async function reapOnce({ store, answers, log }: ReaperParts, now: number): Promise<void> {
  for (const row of await store.expire(now)) {
    log.warn({ run: row.request.id, attempt: row.attempt, state: row.state }, 'a run has lost its worker')
    await answers.runChanged(row)
  }
}

/** More than this between the two clocks is a jump: corrections of NTP are smaller, or slow. */
const JUMP_MS = 2_000

/** Notices that the wall clock was set, or that this machine slept: the wall clock then went on further, or less far, than the monotonic one. */
export class ClockWatch {
  readonly #monotonic: () => number
  #apart: number | null = null
  #jumpedAt = Number.NEGATIVE_INFINITY

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic
  }

  /** `now`: the wall clock, epoch ms. True when a look within the last `ms`, this one too, has met a jump. */
  jumpedWithin(ms: number, now: number): boolean {
    const at = this.#monotonic()
    const apart = now - at
    if (this.#apart !== null && Math.abs(apart - this.#apart) > JUMP_MS) this.#jumpedAt = at
    this.#apart = apart
    return at - this.#jumpedAt < ms
  }
}
