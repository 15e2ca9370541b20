import type { Clock } from '../../../src/lib/async/clock.ts'

/** A clock that moves when told to; sleepers wake in order. */
export class HandClock implements Clock {
  #now = Date.parse('2026-11-23T19:12:54.000Z')
  #sleepers: { at: number; wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((wake, fail) => {
      this.#sleepers.push({ at: this.#now + ms, wake })
      signal?.addEventListener('abort', () => fail(signal.reason as Error), { once: true })
    })
  }

  async advance(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#sleepers.filter(({ at }) => at <= this.#now)
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
    for (let turn = 0; turn < 8; turn++) await Promise.resolve()
  }
}
