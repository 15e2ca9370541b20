// cspell:ignore kysely pglite
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { ThreadDatabase } from '../../../src/server/storage/embedded/database.ts'
import { ExclusivePGliteDialect } from '../../../src/server/storage/embedded/dialect.ts'
import type { Tables } from '../../../src/server/storage/schema/tables.ts'
import type { Bench } from './bench.ts'

export interface RawDatabase {
  readonly db: Kysely<Tables>
  /** Runs many statements at once, before `db` is asked anything. */
  script(text: string): Promise<void>
  close(): Promise<void>
}

/** The database of a bench without a store in front of it; no store may have it open where it is the embedded one. */
export async function rawDatabase({ state, databaseUrl }: Pick<Bench, 'state' | 'databaseUrl'>): Promise<RawDatabase> {
  return databaseUrl === null ? embedded(join(state, 'server', 'database')) : postgres(databaseUrl)
}

async function embedded(folder: string): Promise<RawDatabase> {
  await mkdir(folder, { recursive: true })
  const database = new ThreadDatabase({
    ...{ folder, clock: systemClock },
    ...{
      onQuarantined: (aside, reason) => console.error(aside, reason),
      onRestarted: (reason) => console.error(reason),
    },
  })
  const db = new Kysely<Tables>({ dialect: new ExclusivePGliteDialect(database) })
  return {
    db,
    async script(text) {
      const own = await PGlite.create(folder)
      await own.exec(text)
      await own.close()
    },
    async close() {
      await db.destroy()
      await database.close()
    },
  }
}

function postgres(connectionString: string): RawDatabase {
  const pool = new pg.Pool({ connectionString })
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    db,
    script: async (text) => void (await pool.query(text)),
    async close() {
      await db.destroy()
      // Kysely closes nothing that it never asked anything.
      if (!pool.ended) await pool.end()
    },
  }
}
