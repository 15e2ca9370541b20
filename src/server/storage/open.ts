// cspell:ignore kysely pglite
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../../lib/async/clock.ts'
import type { Store } from '../contract/store.ts'
import { enrollmentRepository } from '../enrollments/repository.ts'
import { endRepository } from '../runs/end-without-worker.ts'
import { claimRepository, leaseRepository } from '../runs/lease.ts'
import { queueRepository } from '../runs/queue.ts'
import { workerRepository } from '../runs/worker-registry.ts'
import { ChangeNotifier } from './change-notifier.ts'
import type { Context } from './context.ts'
import { ThreadDatabase } from './embedded/database.ts'
import { ExclusivePGliteDialect } from './embedded/dialect.ts'
import { acquireDatabaseLock } from './embedded/lock.ts'
import { DatabaseSupervisor } from './embedded/supervisor.ts'
import type { DamagedFile } from './files/documents.ts'
import { enrollmentFiles, workerFiles } from './files/documents.ts'
import { Journal } from './files/journal.ts'
import { RunFiles } from './files/run-files.ts'
import { rebuild } from './rebuild.ts'
import { commentRepository } from './repositories/comments.ts'
import { outboxRepository } from './repositories/outbox.ts'
import { pollCursorRepository } from './repositories/poll-cursors.ts'
import { migrate } from './schema/migrate.ts'
import type { Tables } from './schema/tables.ts'
import { orUnavailable } from './unavailable.ts'

export interface StoreOptions {
  /** The server's state folder; `runs/` and `server/` in it are the truth. */
  readonly state: string
  /** Null: the embedded database in `<state>/server/database`. */
  readonly databaseUrl: string | null
  readonly clock?: Clock
  /** Gets a line when the embedded database was quarantined or restarted. */
  readonly log?: Logger
}

/** A store, and the files that could not be used when the index was last rebuilt. */
export type OpenStore = Store & { readonly damaged: readonly DamagedFile[] }

/**
 * Opens the database, brings it to the newest schema and adds what the files know. Throws UsageError `database-in-use` (another process has the
 * embedded one; names its pid) and `database-newer`, InfraError `database-gone`, `disk-full` and `database-unusable`.
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const { state, databaseUrl, clock = systemClock } = options
  await mkdir(join(state, 'runs'), { recursive: true, mode: 0o700 })
  await mkdir(join(state, 'server'), { recursive: true, mode: 0o700 })
  const { db, close, embedded } = databaseUrl === null ? await openEmbedded(options, clock) : openPostgres(databaseUrl)
  const context: Context = {
    kind: databaseUrl === null ? 'embedded' : 'postgres',
    db,
    clock,
    runFiles: new RunFiles(state),
    journal: new Journal(state),
    enrollmentFiles: enrollmentFiles(state),
    workerFiles: workerFiles(state),
    notifier: new ChangeNotifier(databaseUrl, clock),
  }
  const closeAll = async () => {
    await context.notifier.close()
    await close()
  }
  const index = indexOf(context)
  const catchUp = async () => {
    await migrate(db)
    await index.rebuild()
  }
  try {
    const supervisor = embedded && new DatabaseSupervisor(embedded, catchUp)
    await orUnavailable(() => supervisor?.ready() ?? catchUp())
    await context.notifier.ready()
    return assemble({ context, index, supervisor, closeAll })
  } catch (error) {
    await closeAll()
    throw error
  }
}

interface Opened {
  readonly db: Kysely<Tables>
  readonly close: () => Promise<void>
  readonly embedded: ThreadDatabase | null
}

async function openEmbedded({ state, log }: StoreOptions, clock: Clock): Promise<Opened> {
  const folder = join(state, 'server', 'database')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const releaseLock = await acquireDatabaseLock(folder)
  const embedded = new ThreadDatabase({
    folder,
    clock,
    onQuarantined: (quarantined, reason) =>
      log?.error(
        { quarantined, reason },
        'embedded database is corrupt; quarantined, rebuilding it from the run folders',
      ),
    onRestarted: (reason) => log?.warn({ reason }, 'database thread ended; restarted'),
  })
  const db = new Kysely<Tables>({ dialect: new ExclusivePGliteDialect(embedded) })
  const close = async () => {
    await db.destroy()
    await embedded.close()
    await releaseLock()
  }
  return { db, close, embedded }
}

export function openPostgres(connectionString: string): Opened {
  const pool = new pg.Pool({
    connectionString,
    max: 10,
    connectionTimeoutMillis: 5000,
    query_timeout: 30_000,
    keepAlive: true,
  })
  // An idle connection that broke is not news: the next query takes another one or says `database-gone`.
  pool.on('error', () => {})
  // Neither is one that breaks between two queries of a transaction, while the pool does not listen: an unhandled 'error' event terminates the process.
  pool.on('connect', (client) => void client.on('error', () => {}))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, close: () => db.destroy(), embedded: null }
}

interface Index {
  readonly damaged: readonly DamagedFile[]
  /** Without a guard: part of a database's beginning. */
  rebuild(): ReturnType<Store['rebuild']>
}

function indexOf(context: Context): Index {
  let damaged: readonly DamagedFile[] = []
  return {
    get damaged() {
      return damaged
    },
    async rebuild() {
      const { damaged: found, ...counts } = await rebuild(context)
      damaged = found
      return counts
    },
  }
}

interface Assembly {
  readonly context: Context
  readonly index: Index
  readonly supervisor: DatabaseSupervisor | null
  readonly closeAll: () => Promise<void>
}

function assemble({ context, index, supervisor, closeAll }: Assembly): OpenStore {
  let closing: Promise<void> | null = null
  const parts = {
    ...enrollmentRepository(context),
    ...pollCursorRepository(context),
    ...workerRepository(context),
    ...outboxRepository(context),
    ...commentRepository(context),
    ...queueRepository(context),
    ...claimRepository(context),
    ...leaseRepository(context),
    ...endRepository(context),
    rebuild: () => index.rebuild(),
    async ping() {
      await sql`select 1`.execute(context.db)
    },
  }
  return {
    ...guarded(parts, (act) => orUnavailable(() => supervisor?.run(act) ?? act())),
    kind: context.kind,
    changed: (ms, signal, of = 'any') => context.notifier.wait(ms, signal, of),
    close: () => {
      closing ??= closeAll()
      return closing
    },
    get damaged() {
      return index.damaged
    },
  }
}

/** Every method inside `guard`. */
function guarded<T extends object>(parts: T, guard: (act: () => Promise<unknown>) => Promise<unknown>): T {
  const entries = Object.entries(parts).map(([name, method]) => [
    name,
    (...args: unknown[]) => guard(async () => method(...args)),
  ])
  return Object.fromEntries(entries) as T
}
