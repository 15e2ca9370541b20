// cspell:ignore kysely xact hashtext
import { sql } from 'kysely'
import type { Answer, Store } from '../../contract/store.ts'
import { type Context, change, type Trx } from '../context.ts'

/** Beside the keys of what other programs on the same PostgreSQL may lock. */
const ANSWER_LOCK = 627_011_252

type Part = Pick<Store, 'want' | 'rewrite' | 'due' | 'answered' | 'postpone' | 'unanswered'>

export function outboxRepository(context: Context): Part {
  const { db } = context
  return {
    async want(answer) {
      await change(context, (trx) => wish(trx, answer))
    },

    async rewrite(repository, pull, alter) {
      const key = keyOf({ kind: 'comment', repository, pull })
      await change(context, async (trx) => {
        // There may be no row to lock yet.
        await sql`select pg_advisory_xact_lock(${ANSWER_LOCK}::integer, hashtext(${key}))`.execute(trx)
        const row = await trx.selectFrom('answers').select('answer').where('key', '=', key).executeTakeFirst()
        const answer = alter(row ? JSON.parse(row.answer) : null)
        if (answer) await wish(trx, answer)
      })
    },

    async due(now, limit, holdMs) {
      return db.transaction().execute(async (trx) => {
        const rows = await trx
          .selectFrom('answers')
          .selectAll()
          .where('pending', '=', true)
          // Handed out later than can be: the clock went back. Another server's clock, read a moment after ours, is no such case.
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

    async answered(key, version, remoteId) {
      await change(context, async (trx) => {
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
      const change = at === 'forget' ? { pending: false } : { due_at: at }
      await db.updateTable('answers').set(change).where('key', '=', key).execute()
    },

    async unanswered() {
      const { count } = await db
        .selectFrom('answers')
        .select(sql<number>`count(*)::integer`.as('count'))
        .where('pending', '=', true)
        .executeTakeFirstOrThrow()
      return count
    },
  }
}

async function wish(trx: Trx, answer: Answer): Promise<void> {
  const text = JSON.stringify(answer)
  await trx
    .insertInto('answers')
    .values({ key: keyOf(answer), answer: text, version: 1, tries: 0, pending: true, due_at: 0, handed_at: 0 })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({
          answer: text,
          version: sql`answers.version + 1`,
          tries: 0,
          pending: true,
          // One that a publisher holds stays held: two at once would make two comments.
          due_at: sql`case when answers.pending then answers.due_at else 0 end`,
        })
        .where('answers.answer', '<>', text),
    )
    .execute()
}

type Keyed =
  | Pick<Extract<Answer, { kind: 'comment' }>, 'kind' | 'repository' | 'pull'>
  | Pick<Extract<Answer, { kind: 'status' }>, 'kind' | 'repository' | 'commit'>

/** One comment a pull request, one status a commit. */
function keyOf(answer: Keyed): string {
  const repo = answer.repository.toLowerCase()
  return answer.kind === 'comment' ? `comment:${repo}#${answer.pull}` : `status:${repo}@${answer.commit}`
}
