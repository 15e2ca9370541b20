/** A mutex for each key: acts on one key one after the other, in the order of asking; on different keys side by side. An act that fails stops nobody behind it. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Settles as the act does, which begins when those before it have settled. */
  take<T>(key: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(act, act)
    this.#last.set(key, mine)
    const leave = () => {
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
    mine.then(leave, leave)
    return mine
  }
}
