// cspell:ignore kysely
import { sql } from 'kysely'
import type { Answer, Store } from '../../contract/store.ts'
import { type Context, change } from '../context.ts'

type Part = Pick<Store, 'want' | 'due' | 'answered' | 'postpone' | 'unanswered'>

export function answerPart(context: Context): Part {
  const { db } = context
  return {
    async want(answer) {
      const wish = JSON.stringify(answer)
      await change(context, async (trx) => {
        await trx
          .insertInto('answers')
          .values({ key: keyOf(answer), answer: wish, version: 1, tries: 0, pending: true, due_at: 0, handed_at: 0 })
          .onConflict((conflict) =>
            conflict
              .column('key')
              .doUpdateSet({
                answer: wish,
                version: sql`answers.version + 1`,
                tries: 0,
                pending: true,
                // One that a publisher holds stays held: two at once would make two comments.
                due_at: sql`case when answers.pending then answers.due_at else 0 end`,
              })
              .where('answers.answer', '<>', wish),
          )
          .execute()
      })
    },

    async due(now, limit, holdMs) {
      return db.transaction().execute(async (trx) => {
        const rows = await trx
          .selectFrom('answers')
          .selectAll()
          .where('pending', '=', true)
          .where((where) => where.or([where('due_at', '<=', now), where('handed_at', '>', now)]))
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

/** One comment a pull request, one status a commit. */
function keyOf(answer: Answer): string {
  const repo = answer.repository.toLowerCase()
  return answer.kind === 'comment' ? `comment:${repo}#${answer.pull}` : `status:${repo}@${answer.commit}`
}
