/** A mutex for each key: actions on one key run one after the other, in the order of the calls; those on different keys run in parallel. A failure does not block the next. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Settles as the action does, which starts when those before it have settled. */
  run<T>(key: string, action: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve()
    const mine = before.then(action, action)
    this.#last.set(key, mine)
    const leave = () => {
      if (this.#last.get(key) === mine) this.#last.delete(key)
    }
    mine.then(leave, leave)
    return mine
  }
}
