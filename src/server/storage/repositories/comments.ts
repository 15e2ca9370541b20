import type { RunRequest } from '../../contract/request.ts'
import type { RunRow, Store } from '../../contract/store.ts'
import { endedWith, endWithoutWorker, iso, queuedRow, toRunRow } from '../../runs/run-rows.ts'
import { type Context, changeQueue, type Trx } from '../context.ts'

type Part = Pick<Store, 'decide' | 'decided' | 'wasRefused' | 'firstRefusal' | 'add'>

export function commentRepository(context: Context): Part {
  const { db, journal } = context
  return {
    async decide(comment, request) {
      return changeQueue(context, async (trx) => {
        const newer = request && (await ofNewerComment(trx, request))
        const decided = newer ? { ...comment, decision: 'ignored' as const, run: newer.request.id } : comment
        const added = await trx
          .insertInto('comments')
          .values({ ...decided, repo: comment.repository.toLowerCase() })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
        if (!added.numInsertedOrUpdatedRows) return { first: false, superseded: [], newer: null }
        const superseded = request && !newer ? await enqueue(context, trx, request) : []
        await journal.append({ kind: 'comment', ...decided })
        return { first: true, superseded, newer }
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

/** The active run for a newer comment of the same pull request. */
async function ofNewerComment(trx: Trx, { repository, pull }: RunRequest): Promise<RunRow | null> {
  if (!pull || pull.comment === null) return null
  const rows = await activeOf(trx, repository, pull.number, ['queued', 'running'])
  const { comment } = pull
  return rows.map(toRunRow).find(({ request }) => (request.pull?.comment ?? 0) > comment) ?? null
}

function activeOf(trx: Trx, repository: string, pull: number, states: readonly ('queued' | 'running')[]) {
  return trx
    .selectFrom('runs')
    .selectAll()
    .where('repo', '=', repository.toLowerCase())
    .where('pull', '=', pull)
    .where('state', 'in', states)
    .execute()
}

/**
 * Outcomes of what is superseded go to disk before the new request: a crash between loses a queued run whose newer comment will be met again by
 * polling, and never leaves two.
 */
async function enqueue(context: Context, trx: Trx, request: RunRequest): Promise<RunRow[]> {
  const { pull, why } = request
  const superseded = pull && !why ? await supersede(context, trx, request, pull.number) : []
  if (pull && !why) await endAttributions(context, trx, request, pull.number)
  await trx.insertInto('runs').values(queuedRow(request)).execute()
  await context.runFiles.writeRequest(request)
  return superseded
}

/** Nobody waits for an answer about a commit that is judged again: an attribution that continues makes room, for one pull request has one run at a time. */
async function endAttributions(context: Context, trx: Trx, request: RunRequest, pull: number): Promise<void> {
  for (const row of await activeOf(trx, request.repository, pull, ['running'])) {
    if (!(JSON.parse(row.request) as RunRequest).why || row.cancel_asked_at !== null) continue
    const cancellation = { cancel_asked_at: context.clock.now(), cancel_reason: `superseded by ${request.id}` }
    await trx.updateTable('runs').set(cancellation).where('id', '=', row.id).execute()
    await context.runFiles.writeCancel(row.id, {
      at: iso(cancellation.cancel_asked_at),
      reason: cancellation.cancel_reason,
    })
  }
}

async function supersede(context: Context, trx: Trx, request: RunRequest, pull: number): Promise<RunRow[]> {
  const older = await activeOf(trx, request.repository, pull, ['queued'])
  const ended: RunRow[] = []
  for (const row of older) {
    const now = context.clock.now()
    const reason = row.cancel_reason ?? `superseded by ${request.id}`
    const outcome = endWithoutWorker(row, 'cancelled', reason, now)
    const cancellation = { cancel_asked_at: row.cancel_asked_at ?? now, cancel_reason: reason }
    await trx
      .updateTable('runs')
      .set({ ...endedWith(outcome), ...cancellation })
      .where('id', '=', row.id)
      .execute()
    await context.runFiles.writeCancel(row.id, { at: iso(cancellation.cancel_asked_at), reason })
    await context.runFiles.writeOutcome(row.folder, outcome)
    ended.push(toRunRow({ ...row, ...endedWith(outcome), ...cancellation }))
  }
  return ended
}
