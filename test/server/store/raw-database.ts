// cspell:ignore kysely pglite
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { ExclusivePGliteDialect } from '../../../src/server/store/database/pglite.ts'
import type { Tables } from '../../../src/server/store/database/tables.ts'
import type { Bench } from './bench.ts'

/** The database of a bench without a store in front of it; no store may have it open where it is the embedded one. */
export async function rawDatabase(
  bench: Pick<Bench, 'state' | 'databaseUrl'>,
): Promise<{ readonly db: Kysely<Tables>; close(): Promise<void> }> {
  const dialect =
    bench.databaseUrl === null
      ? new ExclusivePGliteDialect({ pglite: await PGlite.create(join(bench.state, 'server', 'database')) })
      : new PostgresDialect({ pool: new pg.Pool({ connectionString: bench.databaseUrl }) })
  const db = new Kysely<Tables>({ dialect })
  return { db, close: () => db.destroy() }
}
