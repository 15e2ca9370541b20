import { messageOf } from '../errors.ts'
import type { Clock } from './clock.ts'

/** How blind a watch was. */
export interface Blindness {
  /** Looks that had something to see, and how many of them failed. */
  readonly looks: number
  readonly failed: number
  /** The longest stretch without a look that saw something, in ms. */
  readonly longestMs: number
  /** No look ever saw anything. */
  readonly never: boolean
  /** Why the last one that failed did. */
  readonly why: string
}

/**
 * Keeps book of the looks of a watch that continues whatever becomes of them, so that a watch that could not see differs from one that found nothing. Time
 * in which nobody looked counts only where the look after it failed too.
 */
export class ObservationGaps {
  readonly #clock: Pick<Clock, 'now'>
  /** When something was seen last; before that, when the first look that failed began. */
  #seenAt = 0
  #looks = 0
  #failed = 0
  #blind = false
  #longestMs = 0
  #why = ''

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** One look. What it throws is noted, and nothing else comes of it; `false`: there was nothing to look at. */
  async keep(look: () => Promise<boolean>): Promise<void> {
    if (this.#looks === 0) this.#seenAt = this.#clock.now()
    try {
      if (await look()) this.#saw()
    } catch (error) {
      this.#looks += 1
      this.#failed += 1
      this.#blind = true
      this.#why = messageOf(error)
    }
  }

  /** Null where no look failed so far. */
  get blindness(): Blindness | null {
    if (this.#failed === 0) return null
    const longestMs = Math.max(this.#longestMs, this.#blind ? this.#clock.now() - this.#seenAt : 0)
    return { looks: this.#looks, failed: this.#failed, longestMs, never: this.#failed === this.#looks, why: this.#why }
  }

  #saw(): void {
    const now = this.#clock.now()
    if (this.#blind) this.#longestMs = Math.max(this.#longestMs, now - this.#seenAt)
    this.#looks += 1
    this.#blind = false
    this.#seenAt = now
  }
}
