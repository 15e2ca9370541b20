import { messageOf } from '../errors.ts'

/** One thing to undo; `undo` must be safe to call when the thing was never made or is already gone. */
export interface Undo {
  readonly what: string
  readonly undo: () => Promise<void>
}

export interface UndoFailure {
  readonly what: string
  readonly message: string
  readonly error: unknown
}

/** What to take down again, registered before it exists; last in, first out; every failure is kept, none stops the rest. */
export class Cleanup {
  readonly #undos: Undo[] = []

  register(what: string, undo: () => Promise<void>): void {
    this.#undos.push({ what, undo })
  }

  /** Runs and forgets all registered undos. Never throws. */
  async run(): Promise<UndoFailure[]> {
    const failures: UndoFailure[] = []
    for (let next = this.#undos.pop(); next; next = this.#undos.pop()) {
      try {
        await next.undo()
      } catch (error) {
        failures.push({ what: next.what, message: messageOf(error), error })
      }
    }
    return failures
  }
}
