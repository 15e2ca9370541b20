// cspell:ignore kysely xact hashtext
import { sql } from 'kysely'
import type { Notification, Store } from '../../contract/store.ts'
import { type Context, change as changeStore, type Trx } from '../context.ts'

/** Beside the keys of what other programs on the same PostgreSQL may lock. */
const OUTBOX_LOCK = 627_011_252

type Part = Pick<Store, 'setDesired' | 'updateComment' | 'takePending' | 'markPublished' | 'postpone' | 'countPending'>

export function outboxRepository(context: Context): Part {
  const { db } = context
  return {
    async setDesired(notification) {
      await changeStore(context, (trx) => upsert(trx, notification))
    },

    async updateComment(repository, pull, change) {
      const key = keyOf({ kind: 'comment', repository, pull })
      await changeStore(context, async (trx) => {
        // There may be no row to lock yet.
        await sql`select pg_advisory_xact_lock(${OUTBOX_LOCK}::integer, hashtext(${key}))`.execute(trx)
        const row = await trx.selectFrom('answers').select('answer').where('key', '=', key).executeTakeFirst()
        const notification = change(row ? JSON.parse(row.answer) : null)
        if (notification) await upsert(trx, notification)
      })
    },

    async takePending(now, limit, holdMs) {
      return db.transaction().execute(async (trx) => {
        const rows = await trx
          .selectFrom('answers')
          .selectAll()
          .where('pending', '=', true)
          // Taken later than is possible: the clock went back. Another server's clock, read a moment after ours, is no such case.
          .where((where) => where.or([where('due_at', '<=', now), where('handed_at', '>', now + holdMs)]))
          .orderBy('due_at')
          .orderBy('key')
          .limit(limit)
          .forUpdate()
          .skipLocked()
          .execute()
        if (rows.length === 0) return []
        const keys = rows.map((row) => row.key)
        await trx
          .updateTable('answers')
          .set({ due_at: now + holdMs, handed_at: now, tries: sql`tries + 1` })
          .where('key', 'in', keys)
          .execute()
        return rows.map((row) => ({
          key: row.key,
          answer: JSON.parse(row.answer),
          version: row.version,
          tries: row.tries,
          remoteId: row.remote_id,
        }))
      })
    },

    async markPublished(key, version, remoteId) {
      await changeStore(context, async (trx) => {
        await trx
          .updateTable('answers')
          .set({
            remote_id: sql`coalesce(${remoteId}::double precision, remote_id)`,
            pending: sql`version <> ${version}::integer`,
            due_at: 0,
          })
          .where('key', '=', key)
          .execute()
      })
    },

    async postpone(key, at) {
      const values = at === 'forget' ? { pending: false } : { due_at: at }
      await db.updateTable('answers').set(values).where('key', '=', key).execute()
    },

    async countPending() {
      const { count } = await db
        .selectFrom('answers')
        .select(sql<number>`count(*)::integer`.as('count'))
        .where('pending', '=', true)
        .executeTakeFirstOrThrow()
      return count
    },
  }
}

async function upsert(trx: Trx, notification: Notification): Promise<void> {
  const text = JSON.stringify(notification)
  await trx
    .insertInto('answers')
    .values({ key: keyOf(notification), answer: text, version: 1, tries: 0, pending: true, due_at: 0, handed_at: 0 })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({
          answer: text,
          version: sql`answers.version + 1`,
          tries: 0,
          pending: true,
          // One that a publisher has taken stays its own: two at once would create two comments.
          due_at: sql`case when answers.pending then answers.due_at else 0 end`,
        })
        .where('answers.answer', '<>', text),
    )
    .execute()
}

type Keyed =
  | Pick<Extract<Notification, { kind: 'comment' }>, 'kind' | 'repository' | 'pull'>
  | Pick<Extract<Notification, { kind: 'status' }>, 'kind' | 'repository' | 'commit'>

/** One comment a pull request, one status a commit. */
function keyOf(notification: Keyed): string {
  const repo = notification.repository.toLowerCase()
  return notification.kind === 'comment'
    ? `comment:${repo}#${notification.pull}`
    : `status:${repo}@${notification.commit}`
}
