// cspell:ignore kysely
import { type DatabaseConnection, type Driver, PGliteDialect, PGliteDriver } from 'kysely'

/**
 * kysely's driver for PGlite gives one connection to everybody at once: a query made while somebody's transaction is open becomes part of it, and
 * two transactions never end. Here each has the connection for itself, in the order in which they asked.
 */
export class ExclusivePGliteDialect extends PGliteDialect {
  readonly #config: ConstructorParameters<typeof PGliteDialect>[0]

  constructor(config: ConstructorParameters<typeof PGliteDialect>[0]) {
    super(config)
    this.#config = config
  }

  override createDriver(): Driver {
    return new ExclusiveDriver(this.#config)
  }
}

class ExclusiveDriver extends PGliteDriver {
  #last: Promise<void> = Promise.resolve()
  #free: () => void = () => {}

  override async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    this.#free = resolve
    return super.acquireConnection()
  }

  override async releaseConnection(): Promise<void> {
    this.#free()
  }
}
