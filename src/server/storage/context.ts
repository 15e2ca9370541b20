// cspell:ignore kysely xact
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Clock } from '../../lib/async/clock.ts'
import type { Change, ChangeNotifier } from './change-notifier.ts'
import type { enrollmentFiles, workerFiles } from './files/documents.ts'
import type { Journal } from './files/journal.ts'
import type { RunFiles } from './files/run-files.ts'
import type { Tables } from './schema/tables.ts'

export type Trx = Transaction<Tables>

/** What every part of the store works with. */
export interface Context {
  readonly kind: 'embedded' | 'postgres'
  readonly db: Kysely<Tables>
  readonly clock: Clock
  readonly runFiles: RunFiles
  readonly journal: Journal
  readonly enrollmentFiles: ReturnType<typeof enrollmentFiles>
  readonly workerFiles: ReturnType<typeof workerFiles>
  readonly notifier: ChangeNotifier
}

/** Any number that other programs on the same PostgreSQL are unlikely to lock. */
const QUEUE_LOCK = 6_270_112_519

/**
 * A transaction that changes what waits or who has what: one at a time over all servers of the database, so that "is it decided", "is one
 * active" and "who is next" are still true when it commits. Rows first, files last, then the commit: a file is never told of by a row before
 * it is on disk, and a refused row leaves no file. Wakes whoever waits in `changed`.
 */
export async function changeQueue<T>(context: Context, act: (trx: Trx) => Promise<T>): Promise<T> {
  return change(
    context,
    async (trx) => {
      await sql`select pg_advisory_xact_lock(${QUEUE_LOCK}::bigint)`.execute(trx)
      return act(trx)
    },
    'queue',
  )
}

/** A transaction that others may want to hear of. */
export async function change<T>(context: Context, act: (trx: Trx) => Promise<T>, of: Change = 'else'): Promise<T> {
  const result = await context.db.transaction().execute(async (trx) => {
    const value = await act(trx)
    await context.notifier.notify(trx, of)
    return value
  })
  context.notifier.now(of)
  return result
}
