import { InfraError, messageOf } from '../../../lib/errors.ts'
import type { ThreadDatabase } from './database.ts'

/** Migrates and rebuilds every new generation of the embedded database before its first query. */
export class DatabaseSupervisor {
  readonly #database: ThreadDatabase
  readonly #catchUp: () => Promise<void>
  #preparing: Promise<void> | null = null
  #preparedGeneration = 0

  constructor(database: ThreadDatabase, catchUp: () => Promise<void>) {
    this.#database = database
    this.#catchUp = catchUp
  }

  /** Runs `act` on a database that is up to date. Where `act` finds it corrupt, it is quarantined and the next call starts a new one. */
  async run<T>(act: () => Promise<T>): Promise<T> {
    await this.ready()
    try {
      return await act()
    } catch (error) {
      if (!(await this.#database.markCorrupt(error, 'serving'))) throw error
      throw new InfraError('database-gone', `the embedded database is damaged: ${messageOf(error)}`, { cause: error })
    }
  }

  async ready(): Promise<void> {
    await this.#database.session()
    if (this.#database.generation === this.#preparedGeneration) return
    this.#preparing ??= this.#prepare().finally(() => {
      this.#preparing = null
    })
    await this.#preparing
  }

  async #prepare(): Promise<void> {
    let { generation } = this.#database
    try {
      await this.#catchUp()
    } catch (error) {
      if (!(await this.#database.markCorrupt(error, 'preparing'))) throw error
      await this.#database.session()
      generation = this.#database.generation
      await this.#catchUp()
    }
    this.#preparedGeneration = generation
  }
}
