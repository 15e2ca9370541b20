// cspell:ignore kysely
import { sql } from 'kysely'
import type { RunOutcome } from '../contract/request.ts'
import type { RunRow, Store } from '../contract/store.ts'
import { type Context, changeQueue, type Trx } from '../storage/context.ts'
import { endedWith, endWithoutWorker, iso, type StoredRun, toRunRow } from './run-rows.ts'

/** So many lost workers end a run: what kills three is not chance. */
const ATTEMPTS = 3

export function endRepository(context: Context): Pick<Store, 'cancel' | 'expire'> {
  const { db, runFiles } = context

  const end = async (trx: Trx, row: StoredRun, outcome: RunOutcome): Promise<RunRow> => {
    await trx.updateTable('runs').set(endedWith(outcome)).where('id', '=', row.id).execute()
    await runFiles.writeOutcome(row.folder, outcome)
    return toRunRow({ ...row, ...endedWith(outcome) })
  }

  const lost = async (trx: Trx, row: StoredRun, now: number): Promise<RunRow> => {
    const written = await runFiles.readOutcome(row.folder)
    if (written?.id === row.id) return end(trx, row, written)
    if (row.cancel_asked_at !== null) {
      const reason = row.cancel_reason ?? 'cancelled'
      return end(trx, row, endWithoutWorker(row, 'cancelled', `${reason} (its worker was lost)`, now))
    }
    if (row.attempt >= ATTEMPTS) {
      const words = `${row.attempt} attempts lost their worker, the last one ${row.worker ?? 'unknown'}; nothing was judged`
      return end(trx, row, endWithoutWorker(row, 'error', words, now))
    }
    const back = { state: 'queued', worker: null, lease_token: null, lease_until: null, started_at: null } as const
    await trx.updateTable('runs').set(back).where('id', '=', row.id).execute()
    return toRunRow({ ...row, ...back })
  }

  return {
    async cancel(id, reason, now) {
      return changeQueue(context, async (trx) => {
        const row = await trx.selectFrom('runs').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
        if (!row) return 'unknown'
        if (row.state !== 'queued' && row.state !== 'running') return 'ended'
        const cancellation = { cancel_asked_at: row.cancel_asked_at ?? now, cancel_reason: row.cancel_reason ?? reason }
        await trx.updateTable('runs').set(cancellation).where('id', '=', id).execute()
        await runFiles.writeCancel(id, { at: iso(cancellation.cancel_asked_at), reason: cancellation.cancel_reason })
        if (row.state === 'running') return 'asked'
        await end(trx, row, endWithoutWorker(row, 'cancelled', cancellation.cancel_reason, now))
        return 'cancelled'
      })
    },

    async expire(now) {
      await shortenFromTheFuture(now)
      if (!(await anyOver(now))) return []
      return changeQueue(context, async (trx) => {
        const over = await trx
          .selectFrom('runs')
          .selectAll()
          .where('state', '=', 'running')
          .where('lease_until', '<=', now)
          .orderBy('id')
          .forUpdate()
          .skipLocked()
          .execute()
        const changed: RunRow[] = []
        for (const row of over) changed.push(await lost(trx, row, now))
        for (const row of await givenBackCancelled(trx)) {
          changed.push(await end(trx, row, endWithoutWorker(row, 'cancelled', row.cancel_reason ?? 'cancelled', now)))
        }
        return changed
      })
    },
  }

  async function anyOver(now: number): Promise<boolean> {
    const row = await db
      .selectFrom('runs')
      .select('id')
      .where((where) =>
        where.or([
          where.and([where('state', '=', 'running'), where('lease_until', '<=', now)]),
          where.and([where('state', '=', 'queued'), where('cancel_asked_at', 'is not', null)]),
        ]),
      )
      .limit(1)
      .executeTakeFirst()
    return row !== undefined
  }

  /** A lease that ends later than one given now could: the clock went back. Without this a dead worker would hold its run until it is that late again. */
  async function shortenFromTheFuture(now: number): Promise<void> {
    await db
      .updateTable('runs')
      .set({ lease_until: sql`${now}::double precision + lease_ms` })
      .where('state', '=', 'running')
      .where(sql<boolean>`lease_until > ${now}::double precision + lease_ms`)
      .execute()
  }

  /** A worker drained while its run was asked to end. */
  function givenBackCancelled(trx: Trx): Promise<StoredRun[]> {
    return trx
      .selectFrom('runs')
      .selectAll()
      .where('state', '=', 'queued')
      .where('cancel_asked_at', 'is not', null)
      .execute()
  }
}
