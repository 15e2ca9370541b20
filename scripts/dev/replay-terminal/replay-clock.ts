import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../../src/lib/async/clock.ts'

/** A clock that stands until it is moved. Whoever sleeps wakes in the order of time. */
export class ReplayClock implements Clock {
  #now: number
  #sleepers: { readonly at: number; readonly wake: () => void }[] = []

  constructor(start: number) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake, fail) => {
      const sleeper = { at: this.#now + ms, wake }
      this.#sleepers.push(sleeper)
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        fail(signal?.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  async moveTo(at: number): Promise<void> {
    for (let next = this.#firstUntil(at); next; next = this.#firstUntil(at)) {
      this.#sleepers = this.#sleepers.filter((other) => other !== next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
      await setImmediate()
    }
    this.#now = Math.max(this.#now, at)
  }

  #firstUntil(at: number): { readonly at: number; readonly wake: () => void } | undefined {
    return this.#sleepers.filter((sleeper) => sleeper.at <= at).toSorted((a, b) => a.at - b.at)[0]
  }
}
