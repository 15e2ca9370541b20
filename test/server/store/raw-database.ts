// cspell:ignore kysely pglite
import { join } from 'node:path'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { systemClock } from '../../../src/lib/clock.ts'
import { ThreadDatabase } from '../../../src/server/store/database/embedded.ts'
import { ExclusivePGliteDialect } from '../../../src/server/store/database/pglite.ts'
import type { Tables } from '../../../src/server/store/database/tables.ts'
import type { Bench } from './bench.ts'

/** The database of a bench without a store in front of it; no store may have it open where it is the embedded one. */
export async function rawDatabase(
  bench: Pick<Bench, 'state' | 'databaseUrl'>,
): Promise<{ readonly db: Kysely<Tables>; close(): Promise<void> }> {
  if (bench.databaseUrl !== null) {
    const dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString: bench.databaseUrl }) })
    const db = new Kysely<Tables>({ dialect })
    return { db, close: () => db.destroy() }
  }
  const embedded = new ThreadDatabase({
    ...{ folder: join(bench.state, 'server', 'database'), clock: systemClock },
    ...{ onAside: (aside, reason) => console.error(aside, reason), onAnew: (reason) => console.error(reason) },
  })
  const db = new Kysely<Tables>({ dialect: new ExclusivePGliteDialect(embedded) })
  return {
    db,
    async close() {
      await db.destroy()
      await embedded.close()
    },
  }
}
