// cspell:ignore kysely
import type { Kysely } from 'kysely'
import type { RunOutcome } from '../../contract/request.ts'
import type { Lease, Store } from '../../contract/store.ts'
import { type Context, change, changeQueue } from '../context.ts'
import type { Tables } from '../database/tables.ts'
import { endedWith, iso } from '../rows.ts'

type Part = Pick<Store, 'renew' | 'holds' | 'finish' | 'endedBy' | 'tornDown' | 'release'>

export function leasePart(context: Context): Part {
  const { db, runFiles } = context
  return {
    async renew(lease, now, leaseMs) {
      const row = await db
        .updateTable('runs')
        .set({ lease_until: now + leaseMs, lease_ms: leaseMs })
        .where('id', '=', lease.run)
        .where('attempt', '=', lease.attempt)
        .where('lease_token', '=', lease.token)
        .where('state', '=', 'running')
        .returning(['cancel_asked_at', 'cancel_reason'])
        .executeTakeFirst()
      if (!row) return 'fenced'
      const cancel = row.cancel_asked_at === null ? null : (row.cancel_reason ?? 'cancelled')
      return { cancel, leaseUntil: iso(now + leaseMs) }
    },

    async holds(lease) {
      return (await held(db, lease).where('state', '=', 'running').executeTakeFirst()) !== undefined
    },

    async finish(lease, outcome) {
      return change(context, async (trx) => {
        const row = await held(trx, lease).forUpdate().executeTakeFirst()
        if (row?.state !== 'running') return row?.by_worker ?? false
        await trx
          .updateTable('runs')
          .set({ ...endedWith(outcome), by_worker: true })
          .where('id', '=', row.id)
          .where('state', '=', 'running')
          .execute()
        await runFiles.writeOutcome(row.folder, outcome)
        return true
      })
    },

    async endedBy(lease) {
      const row = await held(db, lease).where('by_worker', '=', true).executeTakeFirst()
      return row?.outcome ? JSON.parse(row.outcome) : null
    },

    async tornDown(lease, teardown) {
      return change(context, async (trx) => {
        const row = await held(trx, lease).forUpdate().executeTakeFirst()
        if (!row || row.outcome === null) return false
        const outcome: RunOutcome = JSON.parse(row.outcome)
        if (outcome.teardown !== 'unknown' || teardown === 'unknown') return outcome.teardown === teardown
        const known = { ...outcome, teardown }
        await trx
          .updateTable('runs')
          .set({ outcome: JSON.stringify(known) })
          .where('id', '=', row.id)
          .execute()
        await runFiles.writeOutcome(row.folder, known)
        return true
      })
    },

    async release(lease) {
      return changeQueue(context, async (trx) => {
        const row = await held(trx, lease).where('state', '=', 'running').forUpdate().executeTakeFirst()
        if (!row) return false
        await trx
          .updateTable('runs')
          .set({
            state: 'queued',
            attempt: row.attempt - 1,
            worker: null,
            lease_token: null,
            lease_until: null,
            started_at: null,
          })
          .where('id', '=', row.id)
          .execute()
        await runFiles.removeClaimed(row.folder)
        return true
      })
    },
  }
}

function held(db: Kysely<Tables>, lease: Lease) {
  return db
    .selectFrom('runs')
    .selectAll()
    .where('id', '=', lease.run)
    .where('attempt', '=', lease.attempt)
    .where('lease_token', '=', lease.token)
}
