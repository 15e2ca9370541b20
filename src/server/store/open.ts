// cspell:ignore kysely pglite
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { Store } from '../contract/store.ts'
import type { Context } from './context.ts'
import { orGone } from './database/gone.ts'
import { migrate } from './database/migrate.ts'
import { ownDatabase } from './database/owner.ts'
import { ExclusivePGliteDialect } from './database/pglite.ts'
import type { Tables } from './database/tables.ts'
import { enrolmentFiles, workerFiles } from './files/documents.ts'
import { Journal } from './files/journal.ts'
import type { Damage } from './files/read.ts'
import { RunFiles } from './files/run-files.ts'
import { answerPart } from './parts/answers.ts'
import { claimPart } from './parts/claim.ts'
import { commentPart } from './parts/comments.ts'
import { cursorPart } from './parts/cursors.ts'
import { endPart } from './parts/ends.ts'
import { enrolmentPart } from './parts/enrolments.ts'
import { leasePart } from './parts/leases.ts'
import { runPart } from './parts/runs.ts'
import { workerPart } from './parts/workers.ts'
import { rebuild } from './rebuild.ts'
import { Wake } from './wake.ts'

export interface StoreOptions {
  /** The server's state folder; `runs/` and `server/` in it are the truth. */
  readonly state: string
  /** Null: the embedded database in `<state>/server/database`. */
  readonly databaseUrl: string | null
  readonly clock?: Clock
}

/** A store, and the files that could not be used when the index was last rebuilt. */
export type OpenStore = Store & { readonly damaged: readonly Damage[] }

/**
 * Opens the database, brings it to the newest schema and adds what the files know. Throws UsageError `database-in-use` (another process has the
 * embedded one; names its pid) and `database-newer`, InfraError `database-gone`.
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const { state, databaseUrl, clock = systemClock } = options
  await mkdir(join(state, 'runs'), { recursive: true, mode: 0o700 })
  await mkdir(join(state, 'server'), { recursive: true, mode: 0o700 })
  const { db, close } = databaseUrl === null ? await openEmbedded(state) : openPostgres(databaseUrl)
  const context: Context = {
    kind: databaseUrl === null ? 'embedded' : 'postgres',
    db,
    clock,
    runFiles: new RunFiles(state),
    journal: new Journal(state),
    enrolmentFiles: enrolmentFiles(state),
    workerFiles: workerFiles(state),
    wake: new Wake(databaseUrl, clock),
  }
  const closeAll = async () => {
    await context.wake.close()
    await close()
  }
  try {
    await orGone(() => migrate(db))
    const store = assemble(context, closeAll)
    await store.rebuild()
    await context.wake.ready()
    return store
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function openEmbedded(state: string): Promise<{ db: Kysely<Tables>; close: () => Promise<void> }> {
  const folder = join(state, 'server', 'database')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const letGo = await ownDatabase(folder)
  const db = new Kysely<Tables>({ dialect: new ExclusivePGliteDialect({ pglite: () => PGlite.create(folder) }) })
  const close = async () => {
    await db.destroy()
    await letGo()
  }
  return { db, close }
}

export function openPostgres(connectionString: string): { db: Kysely<Tables>; close: () => Promise<void> } {
  const pool = new pg.Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 5000,
    query_timeout: 30_000,
    keepAlive: true,
  })
  // An idle connection that broke is not news: the next query takes another one or says `database-gone`.
  pool.on('error', () => {})
  // Nor is one that breaks between two queries of a transaction, while the pool does not listen: an error that nobody hears ends the process.
  pool.on('connect', (client) => void client.on('error', () => {}))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, close: () => db.destroy() }
}

function assemble(context: Context, closeAll: () => Promise<void>): OpenStore {
  let damaged: readonly Damage[] = []
  let closing: Promise<void> | null = null
  const parts = {
    ...enrolmentPart(context),
    ...cursorPart(context),
    ...workerPart(context),
    ...answerPart(context),
    ...commentPart(context),
    ...runPart(context),
    ...claimPart(context),
    ...leasePart(context),
    ...endPart(context),
    async rebuild() {
      const { damaged: found, ...counts } = await rebuild(context)
      damaged = found
      return counts
    },
    async ping() {
      await sql`select 1`.execute(context.db)
    },
  }
  return {
    ...guarded(parts),
    kind: context.kind,
    changed: (ms, signal) => context.wake.wait(ms, signal),
    close: () => {
      closing ??= closeAll()
      return closing
    },
    get damaged() {
      return damaged
    },
  }
}

/** Every method with the errors of a database that is gone made one. */
function guarded<T extends object>(parts: T): T {
  const entries = Object.entries(parts).map(([name, method]) => [
    name,
    (...args: unknown[]) => orGone(async () => method(...args)),
  ])
  return Object.fromEntries(entries) as T
}
