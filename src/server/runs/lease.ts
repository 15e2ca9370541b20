// cspell:ignore kysely
import { randomBytes } from 'node:crypto'
import { type Kysely, sql } from 'kysely'
import { newRunId } from '../../lib/ids.ts'
import type { RunOutcome, RunRequest } from '../contract/request.ts'
import type { Lease, Store } from '../contract/store.ts'
import { type Context, change, changeQueue } from '../storage/context.ts'
import type { Tables } from '../storage/schema/tables.ts'
import { endedWith, iso, type StoredRun } from './run-rows.ts'
import { pickNextRun, type QueuedCandidate, type WorkerRoom } from './scheduler.ts'

export function claimRepository(context: Context): Pick<Store, 'claim'> {
  const { db, runFiles } = context

  /** The folder of the next attempt: the newest one where nobody has been in it, else one of its own. */
  const folderFor = async (row: StoredRun, request: RunRequest, now: number): Promise<string> => {
    if (await runFiles.isUnused(row.folder)) {
      await runFiles.writeRequest(row.folder === row.id ? request : { ...request, id: row.folder, attemptOf: row.id })
      return row.folder
    }
    const folder = newRunId(now)
    await runFiles.writeRequest({ ...request, id: folder, attemptOf: row.id })
    return folder
  }

  return {
    async claim(capacity, now, leaseMs) {
      if (!(await somethingFits(db, capacity.freeBytes))) return null
      return changeQueue(context, async (trx) => {
        const waiting = await candidates(trx, capacity.memoryBytes, capacity.freeBytes)
        const others = waiting.some(({ memory }) => memory > capacity.freeBytes)
          ? await otherWorkers(trx, capacity.worker, now)
          : []
        const next = pickNextRun(waiting, { room: capacity, others, now })
        if (!next) return null
        const row = await trx.selectFrom('runs').selectAll().where('id', '=', next.id).executeTakeFirstOrThrow()
        const request: RunRequest = JSON.parse(row.request)
        const attempt = row.attempt + 1
        const token = randomBytes(16).toString('hex')
        const folder = await folderFor(row, request, now)
        await trx
          .updateTable('runs')
          .set({
            state: 'running',
            attempt,
            folder,
            worker: capacity.worker,
            harness: capacity.harness,
            lease_token: token,
            lease_until: now + leaseMs,
            lease_ms: leaseMs,
            started_at: now,
          })
          .where('id', '=', row.id)
          .where('state', '=', 'queued')
          .execute()
        await trx
          .insertInto('turns')
          .values({ repo: row.repo, at: now })
          .onConflict((conflict) => conflict.column('repo').doUpdateSet({ at: now }))
          .execute()
        await runFiles.writeClaimed(folder, {
          attempt,
          at: iso(now),
          worker: capacity.worker,
          harness: capacity.harness,
        })
        return { lease: { run: row.id, attempt, token }, request, folder, leaseUntil: iso(now + leaseMs) }
      })
    },
  }
}

/** A look without the lock: most claims end here, those of an idle server and those of workers that are nearly full. */
async function somethingFits(db: Kysely<Tables>, free: number): Promise<boolean> {
  const smallest = await db
    .selectFrom('runs')
    .select('memory')
    .where('state', '=', 'queued')
    .orderBy('memory')
    .limit(1)
    .executeTakeFirst()
  return smallest !== undefined && smallest.memory <= free
}

/** A worker that waits for a run asks again within 25 s; one that is full need not be known here. */
const HERE_MS = 60_000

/** What the other workers have free by the runs that they hold: what each said itself was before its last run. */
async function otherWorkers(db: Kysely<Tables>, worker: string, now: number): Promise<WorkerRoom[]> {
  const { rows } = await sql<WorkerRoom>`
    select w.name as worker, w.memory as "memoryBytes", w.memory - coalesce(
      (select sum(a.memory) from runs a where a.state = 'running' and a.worker = w.name), 0) as "freeBytes"
    from workers w
    where w.name <> ${worker} and w.trouble is null and w.memory is not null and w.seen_at > ${now - HERE_MS}::double precision`.execute(
    db,
  )
  return rows
}

/**
 * Of each repository its next run and the next of those that fit now: `choose` orders the runs of one repository by priority and age alone, so no
 * other can be chosen. Repositories are found by a step from each to the next in the index `runs_queue`, however many runs they have. What a
 * pull request with an active run waits for is left out here, lest it hide what is behind it.
 */
async function candidates(db: Kysely<Tables>, memory: number, free: number): Promise<QueuedCandidate[]> {
  const nextOf = (limit: number) => sql`
    select q.id, q.pull, q.priority, q.at, q.memory
    from runs q
    where q.state = 'queued' and q.repo = r.repo and q.cancel_asked_at is null and q.memory <= ${limit}::double precision
      and not exists (select 1 from runs a where a.state = 'running' and a.repo = q.repo and a.pull = q.pull)
    order by q.priority, q.at, q.id
    limit 1`
  const { rows } = await sql<QueuedCandidate>`
    with recursive repos as (
      (select repo from runs where state = 'queued' order by repo limit 1)
      union all
      select (select q.repo from runs q where q.state = 'queued' and q.repo > p.repo order by q.repo limit 1)
      from repos p where p.repo is not null
    )
    select c.id, r.repo, c.pull, c.priority, c.at, c.memory,
      (select count(*)::integer from runs a where a.state = 'running' and a.repo = r.repo) as running,
      coalesce((select t.at from turns t where t.repo = r.repo), 0) as "lastTurn"
    from (select repo from repos where repo is not null) r
    cross join lateral ((${nextOf(memory)}) union (${nextOf(Math.min(memory, free))})) c`.execute(db)
  return rows
}

type Part = Pick<Store, 'renew' | 'holds' | 'finish' | 'endedBy' | 'tornDown' | 'release'>

export function leaseRepository(context: Context): Part {
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
      // What waits for the pull request of this run may be given out now.
      return change(
        context,
        async (trx) => {
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
        },
        'queue',
      )
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
