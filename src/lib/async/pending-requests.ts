import type { Worker } from 'node:worker_threads'

/** What was asked of a thread and waits for its answer, by number. The thread keeps the process alive only while something waits. */
export class PendingRequests<T> {
  readonly #thread: Pick<Worker, 'ref' | 'unref'>
  readonly #waiting = new Map<number, T>()
  #next = 0

  constructor(thread: Pick<Worker, 'ref' | 'unref'>) {
    this.#thread = thread
    thread.unref()
  }

  /** Gives the number under which it waits. */
  add(one: T): number {
    if (this.#waiting.size === 0) this.#thread.ref()
    const id = this.#next++
    this.#waiting.set(id, one)
    return id
  }

  get(id: number): T | undefined {
    return this.#waiting.get(id)
  }

  /** It waits no longer. */
  take(id: number): T | undefined {
    const one = this.#waiting.get(id)
    if (this.#waiting.delete(id) && this.#waiting.size === 0) this.#thread.unref()
    return one
  }

  /** In the order in which they were asked. */
  takeAll(): readonly T[] {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#thread.unref()
    return all
  }
}
