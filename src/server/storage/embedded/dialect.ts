// cspell:ignore kysely pglite introspector
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  PGliteAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult as Rows,
} from 'kysely'
import { InternalError } from '../../../lib/errors.ts'
import type { QueryResult } from './thread/protocol.ts'

/** One life of an embedded database. */
interface EmbeddedSession {
  query(sql: string, parameters: readonly unknown[]): Promise<QueryResult>
  /** Set once it is over: whatever was not committed is undone. */
  readonly ended: Error | null
}

export interface EmbeddedDatabase {
  /** The session that lives, started over where the last one has ended. */
  session(): Promise<EmbeddedSession>
  close(): Promise<void>
}

/**
 * kysely's driver for PGlite gives one connection to everybody at once: a query made while somebody's transaction is open becomes part of it, and
 * two transactions never end. Here each has the connection for itself, in the order in which they asked.
 */
export class ExclusivePGliteDialect implements Dialect {
  readonly #database: EmbeddedDatabase

  constructor(database: EmbeddedDatabase) {
    this.#database = database
  }

  createDriver(): Driver {
    return new ExclusiveDriver(this.#database)
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler()
  }

  createAdapter(): PGliteAdapter {
    return new PGliteAdapter()
  }

  createIntrospector<T>(db: Kysely<T>): PostgresIntrospector {
    return new PostgresIntrospector(db)
  }
}

class ExclusiveDriver implements Driver {
  readonly #database: EmbeddedDatabase
  #last: Promise<void> = Promise.resolve()
  #free: () => void = () => {}

  constructor(database: EmbeddedDatabase) {
    this.#database = database
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<Connection> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    this.#free = resolve
    try {
      return new Connection(await this.#database.session())
    } catch (error) {
      resolve()
      throw error
    }
  }

  async beginTransaction(connection: Connection): Promise<void> {
    await connection.begin()
  }

  async commitTransaction(connection: Connection): Promise<void> {
    await connection.commit()
  }

  async rollbackTransaction(connection: Connection): Promise<void> {
    await connection.rollback()
  }

  async releaseConnection(): Promise<void> {
    this.#free()
  }

  /** After whoever has asked before. */
  async destroy(): Promise<void> {
    await this.#last
    await this.#database.close()
  }
}

class Connection implements DatabaseConnection {
  readonly #session: EmbeddedSession
  #failed: unknown = null

  constructor(session: EmbeddedSession) {
    this.#session = session
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<Rows<R>> {
    try {
      const { rows, affectedRows } = await this.#session.query(sql, parameters)
      return { rows: rows as R[], ...(affectedRows === null ? {} : { numAffectedRows: BigInt(affectedRows) }) }
    } catch (error) {
      this.#failed ??= error
      throw error
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator.
  async *streamQuery<R>(): AsyncIterableIterator<Rows<R>> {
    throw new InternalError('no-streaming', 'the embedded database gives whole results')
  }

  async begin(): Promise<void> {
    this.#failed = null
    await this.#session.query('begin', [])
  }

  /** PostgreSQL answers the commit of a transaction in which something failed with success, and rolls it back: here it is the error. */
  async commit(): Promise<void> {
    if (this.#failed !== null) throw this.#failed
    await this.#session.query('commit', [])
  }

  /** The end of a session is one too. */
  async rollback(): Promise<void> {
    if (!this.#session.ended) await this.#session.query('rollback', [])
  }
}
