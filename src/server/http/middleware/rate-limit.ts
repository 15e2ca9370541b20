import type { Context, MiddlewareHandler } from 'hono'
import type { Clock } from '../../../lib/async/clock.ts'
import { HttpError } from '../http-error.ts'
import { clientAddress } from './client-address.ts'

interface Rate {
  /** Calls at once after a rest. */
  readonly burst: number
  readonly perSecond: number
}

/** What one client may do. A proxy that the settings do not tell of makes all its clients one, so that only `login` is slow. */
export const RATES = {
  hook: { burst: 600, perSecond: 60 },
  worker: { burst: 1000, perSecond: 200 },
  read: { burst: 1200, perSecond: 200 },
  /** The page of a run, for which its files are read, and these files. */
  run: { burst: 300, perSecond: 10 },
  write: { burst: 120, perSecond: 10 },
  login: { burst: 5, perSecond: 1 / 12 },
} as const satisfies Record<string, Rate>
export type RateClass = keyof typeof RATES

/** More addresses than this at a time: those that were quiet longest are forgotten. */
const ADDRESSES = 10_000

interface Bucket {
  tokens: number
  at: number
}

/** Token buckets by client address and class of route. */
export class RateLimiter {
  readonly #clock: Pick<Clock, 'now'>
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** 0: continue; otherwise ms until the next call may come. */
  take(address: string, kind: RateClass): number {
    const { burst, perSecond } = RATES[kind]
    const key = `${kind} ${address}`
    const now = this.#clock.now()
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now }
    const filled = Math.min(burst, tokens + (Math.max(0, now - at) / 1000) * perSecond)
    const left = filled >= 1 ? filled - 1 : filled
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: left, at: now })
    if (this.#buckets.size > ADDRESSES) this.#forgetOldest()
    return filled >= 1 ? 0 : Math.ceil(((1 - filled) / perSecond) * 1000)
  }

  get size(): number {
    return this.#buckets.size
  }

  #forgetOldest(): void {
    const [oldest] = this.#buckets.keys()
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}

/** Answers 429 with Retry-After in seconds where an address asks too often. */
export function rateLimit(
  limits: RateLimiter,
  kindOf: (c: Context) => RateClass | null,
  proxies: number,
): MiddlewareHandler {
  return async (c, next) => {
    const kind = kindOf(c)
    const waitMs = kind === null ? 0 : limits.take(clientAddress(c, proxies), kind)
    if (waitMs === 0) return next()
    c.header('retry-after', String(Math.ceil(waitMs / 1000)))
    throw new HttpError(
      429,
      'too-many-requests',
      'too many requests from this address',
      'Wait as long as Retry-After says.',
    )
  }
}
