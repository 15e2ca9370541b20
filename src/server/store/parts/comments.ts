import type { RunRequest } from '../../contract/request.ts'
import type { RunRow, Store } from '../../contract/store.ts'
import { type Context, changeQueue, type Trx } from '../context.ts'
import { endedWith, endWithoutWorker, iso, queuedRow, toRunRow } from '../rows.ts'

type Part = Pick<Store, 'decide' | 'decided' | 'wasRefused' | 'firstRefusal' | 'add'>

export function commentPart(context: Context): Part {
  const { db, journal } = context
  return {
    async decide(comment, request) {
      return changeQueue(context, async (trx) => {
        const added = await trx
          .insertInto('comments')
          .values({ ...comment, repo: comment.repository.toLowerCase() })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        if (!added.numInsertedOrUpdatedRows) return { first: false, superseded: [] }
        const superseded = request ? await enqueue(context, trx, request) : []
        await journal.append({ kind: 'comment', ...comment })
        return { first: true, superseded }
      })
    },

    async decided(repository, comment) {
      const row = await db
        .selectFrom('comments')
        .selectAll()
        .where('repo', '=', repository.toLowerCase())
        .where('comment', '=', comment)
        .executeTakeFirst()
      return row
        ? { repository: row.repository, comment: row.comment, decision: row.decision, at: row.at, run: row.run }
        : null
    },

    async wasRefused(repository, pull, login) {
      const row = await db
        .selectFrom('refusals')
        .select('pull')
        .where('repo', '=', repository.toLowerCase())
        .where('pull', '=', pull)
        .where('login', '=', login.toLowerCase())
        .executeTakeFirst()
      return row !== undefined
    },

    async firstRefusal(repository, pull, login) {
      return db.transaction().execute(async (trx) => {
        const added = await trx
          .insertInto('refusals')
          .values({ repo: repository.toLowerCase(), pull, login: login.toLowerCase() })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        if (!added.numInsertedOrUpdatedRows) return false
        await journal.append({ kind: 'refusal', repository, pull, login })
        return true
      })
    },

    async add(request) {
      return changeQueue(context, async (trx) => ({ superseded: await enqueue(context, trx, request) }))
    },
  }
}

/**
 * Outcomes of what is superseded go to disk before the new request: a crash between loses a queued run whose newer comment will be met again by
 * polling, and never leaves two.
 */
async function enqueue(context: Context, trx: Trx, request: RunRequest): Promise<RunRow[]> {
  const superseded = request.pull ? await supersede(context, trx, request, request.pull.number) : []
  await trx.insertInto('runs').values(queuedRow(request)).execute()
  await context.runFiles.writeRequest(request)
  return superseded
}

async function supersede(context: Context, trx: Trx, request: RunRequest, pull: number): Promise<RunRow[]> {
  const older = await trx
    .selectFrom('runs')
    .selectAll()
    .where('repo', '=', request.repository.toLowerCase())
    .where('pull', '=', pull)
    .where('state', '=', 'queued')
    .execute()
  const ended: RunRow[] = []
  for (const row of older) {
    const now = context.clock.now()
    const reason = row.cancel_reason ?? `superseded by ${request.id}`
    const outcome = endWithoutWorker(row, 'cancelled', reason, now)
    const asked = { cancel_asked_at: row.cancel_asked_at ?? now, cancel_reason: reason }
    await trx
      .updateTable('runs')
      .set({ ...endedWith(outcome), ...asked })
      .where('id', '=', row.id)
      .execute()
    await context.runFiles.writeCancel(row.id, { at: iso(asked.cancel_asked_at), reason })
    await context.runFiles.writeOutcome(row.folder, outcome)
    ended.push(toRunRow({ ...row, ...endedWith(outcome), ...asked }))
  }
  return ended
}
