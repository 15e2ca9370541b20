import { InfraError, messageOf } from '../../../lib/errors.ts'
import type { ThreadDatabase } from './database.ts'

/** Brings every new life of the embedded database to the schema and to what the files know, before anybody asks it anything. */
export class Upkeep {
  readonly #database: ThreadDatabase
  readonly #catchUp: () => Promise<void>
  #fitting: Promise<void> | null = null
  #fitted = 0

  constructor(database: ThreadDatabase, catchUp: () => Promise<void>) {
    this.#database = database
    this.#catchUp = catchUp
  }

  /** Runs `act` on a database that is up to date. Damage that `act` meets is answered by the next life. */
  async around<T>(act: () => Promise<T>): Promise<T> {
    await this.ready()
    try {
      return await act()
    } catch (error) {
      if (!(await this.#database.distrust(error, 'serving'))) throw error
      throw new InfraError('database-gone', `the embedded database is damaged: ${messageOf(error)}`, { cause: error })
    }
  }

  async ready(): Promise<void> {
    await this.#database.session()
    if (this.#database.life === this.#fitted) return
    this.#fitting ??= this.#fitOnce().finally(() => {
      this.#fitting = null
    })
    await this.#fitting
  }

  async #fitOnce(): Promise<void> {
    let { life } = this.#database
    try {
      await this.#catchUp()
    } catch (error) {
      if (!(await this.#database.distrust(error, 'fitting'))) throw error
      await this.#database.session()
      life = this.#database.life
      await this.#catchUp()
    }
    this.#fitted = life
  }
}
