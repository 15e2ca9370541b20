// cspell:ignore kysely pglite
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { ExclusivePGliteDialect } from '../../../src/server/store/database/pglite.ts'
import type { Tables } from '../../../src/server/store/database/tables.ts'
import type { Bench } from './bench.ts'

export interface RawDatabase {
  readonly db: Kysely<Tables>
  /** Runs many statements at once. */
  script(text: string): Promise<void>
  close(): Promise<void>
}

/** The database of a bench without a store in front of it; no store may have it open where it is the embedded one. */
export async function rawDatabase(bench: Pick<Bench, 'state' | 'databaseUrl'>): Promise<RawDatabase> {
  if (bench.databaseUrl === null) {
    const folder = join(bench.state, 'server', 'database')
    await mkdir(folder, { recursive: true })
    const pglite = await PGlite.create(folder)
    const db = new Kysely<Tables>({ dialect: new ExclusivePGliteDialect({ pglite }) })
    // Kysely closes nothing that it never asked anything.
    const close = async () => {
      await db.destroy()
      if (!pglite.closed) await pglite.close()
    }
    return { db, script: async (text) => void (await pglite.exec(text)), close }
  }
  const pool = new pg.Pool({ connectionString: bench.databaseUrl })
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const close = async () => {
    await db.destroy()
    if (!pool.ended) await pool.end()
  }
  return { db, script: async (text) => void (await pool.query(text)), close }
}
