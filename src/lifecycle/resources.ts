import type { Toolbox } from '../backup/toolbox.ts'
import type { Browser } from '../browser/open.ts'
import type { ProvidedDependency } from '../deps/provider.ts'
import { Cleanup, type UndoFailure } from '../lib/async/cleanup.ts'
import type { Sandbox } from '../sandbox/contract.ts'
import type { Cause } from '../verdict/causes.ts'

/** Opened when it is first needed, by its owner alone; closed with the run, or before, and then opened again for whoever asks next. */
class Held<T extends { close(): Promise<void> }> {
  #opened: Promise<T> | null = null

  /** Asking twice at once opens once; after an error the next one tries again. */
  async get(open: () => Promise<T>): Promise<T> {
    this.#opened ??= open()
    const opened = this.#opened
    try {
      return await opened
    } catch (error) {
      if (this.#opened === opened) this.#opened = null
      throw error
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = null
    // What could not be opened holds nothing, and whoever requested it got the error.
    const resource = await opened?.catch(() => null)
    await resource?.close()
  }
}

/** What the dependencies of an app gave. Its owner is `custom/deps.ts`. */
class Dependencies {
  readonly provided = new Map<string, ProvidedDependency>()
  readonly failures = new Map<string, Cause>()
  /** How to take back what was made of each; entered before anything of it is made. */
  readonly releases = new Map<string, () => Promise<void>>()
}

/** All that one attempt holds besides its stack, each with one owner that opens it. They outlive tiers: what they listen to is `runSignal`. */
export class RunResources {
  /** Owner: `browserOf`. */
  readonly browser = new Held<Browser>()
  /** The helper container with the volumes of the stack. Owner: `toolboxOf`. */
  readonly toolbox = new Held<Toolbox>()
  /** Where the code of recipe and operator runs. Owner: `sandboxOf`. */
  readonly sandbox = new Held<Sandbox>()
  readonly deps = new Dependencies()

  /** Closes what ends with the engine anyway; it is opened again when it is needed again. */
  async closeHelpers(): Promise<void> {
    await this.sandbox.close()
    await this.toolbox.close()
    await this.browser.close()
  }

  /** Closes all, last in first out, and says what could not be. With `keep` the dependencies stay, because the app needs them: `cc-ci gc` releases them. */
  async dispose({ keep }: { readonly keep: boolean }): Promise<UndoFailure[]> {
    const cleanup = new Cleanup()
    if (!keep) for (const [name, release] of this.deps.releases) cleanup.register(`dependency ${name}`, release)
    cleanup.register('sandbox', () => this.sandbox.close())
    cleanup.register('toolbox', () => this.toolbox.close())
    cleanup.register('browser', () => this.browser.close())
    return cleanup.run()
  }
}
