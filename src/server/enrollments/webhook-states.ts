import type { Clock } from '../../lib/async/clock.ts'
import { mapLimit } from '../../lib/async/map-limit.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Forge } from '../contract/forge.ts'
import type { WebhookState } from '../contract/services.ts'

/** An answer of the forge is good for so long: somebody who repairs a webhook reloads the page until it says so. */
const FRESH_MS = 5_000
/** Enrollments that are asked about at the same time: the forge has other work. */
const AT_ONCE = 8

export interface WebhookStatesDeps {
  readonly forge: Pick<Forge, 'webhook'>
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** Where our webhooks send to. */
  readonly url: string
  /** What they must send, by the forge's names. */
  readonly events: readonly string[]
}

interface Known {
  readonly at: number
  readonly state: WebhookState
}

/** What the forge has of our webhooks now. No page waits for it longer than it says: what comes later is there for the next look. */
export class WebhookStates {
  readonly #deps: WebhookStatesDeps
  readonly #known = new Map<string, Known>()
  readonly #asking = new Map<string, Promise<void>>()

  constructor(deps: WebhookStatesDeps) {
    this.#deps = deps
  }

  /** By name, as given. */
  async of(names: readonly string[], mostMs: number): Promise<ReadonlyMap<string, WebhookState>> {
    const { clock } = this.#deps
    const stale = names.filter(
      (name) => clock.now() - (this.#known.get(name)?.at ?? Number.NEGATIVE_INFINITY) > FRESH_MS,
    )
    const over = new AbortController()
    const asked = mapLimit(AT_ONCE, stale, (name) => this.#ask(name))
    await Promise.race([asked, clock.sleep(mostMs, over.signal).catch(() => {})])
    over.abort()
    return new Map(names.map((name) => [name, this.#known.get(name)?.state ?? LATE]))
  }

  /** What was known of it is out of date: it was enrolled or removed. */
  forget(name: string): void {
    this.#known.delete(name)
  }

  #ask(name: string): Promise<void> {
    const under = this.#asking.get(name)
    if (under) return under
    const asking = this.#look(name)
      .then((state) => void this.#known.set(name, { at: this.#deps.clock.now(), state }))
      .finally(() => this.#asking.delete(name))
    this.#asking.set(name, asking)
    return asking
  }

  async #look(name: string): Promise<WebhookState> {
    const { forge, url, events } = this.#deps
    try {
      const found = await forge.webhook(name, url)
      if (found === null) return { kind: 'missing' }
      if (!found.active) return { kind: 'inactive' }
      const missing = events.filter((event) => !found.events.includes(event))
      return missing.length === 0 ? { kind: 'active' } : { kind: 'events', missing }
    } catch (error) {
      return { kind: 'not-known', why: messageOf(error) }
    }
  }
}

const LATE: WebhookState = { kind: 'not-known', why: 'the forge has not answered in time' }
