// cspell:ignore kysely
import { sql } from 'kysely'
import { PRIORITIES, RUN_STATES, type RunState } from '../contract/request.ts'
import type { QueuePlace, Store } from '../contract/store.ts'
import type { Context } from '../storage/context.ts'
import { iso, type StoredRun, toRunRow } from './run-rows.ts'

type Part = Pick<Store, 'run' | 'runsOf' | 'runs' | 'endsOfEach' | 'place' | 'queue' | 'waiting' | 'counts' | 'ends'>

/** How many of the last runs tell how long one takes. */
const RECENT = 21

export function queueRepository({ db }: Context): Part {
  const find = (id: string) => db.selectFrom('runs').selectAll().where('id', '=', id).executeTakeFirst()

  const countQueuedBefore = async (row: StoredRun) => {
    const { count } = await db
      .selectFrom('runs')
      .select(sql<number>`count(*)::integer`.as('count'))
      .where('state', '=', 'queued')
      .where(sql<boolean>`(priority, at, id) < (${row.priority}::smallint, ${row.at}::double precision, ${row.id})`)
      .executeTakeFirstOrThrow()
    return count
  }

  const countRunning = async () => {
    const { count } = await db
      .selectFrom('runs')
      .select(sql<number>`count(*)::integer`.as('count'))
      .where('state', '=', 'running')
      .executeTakeFirstOrThrow()
    return count
  }

  const recentDurations = async () => {
    const rows = await db
      .selectFrom('runs')
      .select(['started_at', 'finished_at'])
      .where('state', '=', 'done')
      .where('started_at', 'is not', null)
      .orderBy('finished_at', 'desc')
      .limit(RECENT)
      .execute()
    return rows.map((row) => Math.max(0, (row.finished_at ?? 0) - (row.started_at ?? 0)))
  }

  /** Gives the place of a run from how many queued ones come before it. */
  const placing = async () => {
    const running = await countRunning()
    const usual = median(await recentDurations())
    return (before: number): QueuePlace => {
      const ahead = running + before
      return { ahead, etaMs: usual === null ? null : Math.round((usual * ahead) / Math.max(1, running)) }
    }
  }

  return {
    async run(id) {
      const row = await find(id)
      return row ? toRunRow(row) : null
    },

    async runsOf(ids) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .where(sql<boolean>`id = any(${[...ids]}::text[])`)
        .execute()
      return new Map(rows.map((row) => [row.id, toRunRow(row)]))
    },

    async runs(filter) {
      let query = db.selectFrom('runs').selectAll()
      if (filter.repository !== undefined) query = query.where('repo', '=', filter.repository.toLowerCase())
      if (filter.pull === null) query = query.where('pull', 'is', null)
      else if (filter.pull !== undefined) query = query.where('pull', '=', filter.pull)
      if (filter.state !== undefined) {
        if (filter.state.length === 0) return []
        query = query.where('state', 'in', [...filter.state])
      }
      if (filter.before !== undefined) {
        const before = sql<boolean>`(at, id) < (select b.at, b.id from runs b where b.id = ${filter.before})`
        query = query.where(before)
      }
      // Ids tell seconds apart and no more.
      const rows = await query.orderBy('at', 'desc').orderBy('id', 'desc').limit(filter.limit).execute()
      return rows.map(toRunRow)
    },

    async endsOfEach(most) {
      const { rows } = await sql<StoredRun>`
        select * from (
          select *, row_number() over (partition by repo order by at desc, id desc) as place
          from runs where state in ('done', 'cancelled', 'error')
        ) newest where place <= ${most} order by at desc, id desc`.execute(db)
      return rows.map(toRunRow)
    },

    async place(id) {
      const row = await find(id)
      if (row?.state !== 'queued') return null
      const placed = await placing()
      return placed(await countQueuedBefore(row))
    },

    async queue(limit) {
      const rows = await db
        .selectFrom('runs')
        .selectAll()
        .where('state', '=', 'queued')
        .orderBy('priority')
        .orderBy('at')
        .orderBy('id')
        .limit(limit)
        .execute()
      const placed = await placing()
      return rows.map((row, before) => ({ row: toRunRow(row), place: placed(before) }))
    },

    async waiting() {
      const rows = await db
        .selectFrom('runs')
        .select(['priority', sql<number>`count(*)::integer`.as('runs'), (select) => select.fn.min('at').as('since')])
        .where('state', '=', 'queued')
        .groupBy('priority')
        .execute()
      return PRIORITIES.map((priority, at) => {
        const row = rows.find((one) => one.priority === at)
        return { priority, runs: row?.runs ?? 0, since: row ? iso(row.since) : null }
      })
    },

    async counts() {
      const rows = await db
        .selectFrom('runs')
        .select(['state', sql<number>`count(*)::integer`.as('count')])
        .groupBy('state')
        .execute()
      const none = Object.fromEntries(RUN_STATES.map((state) => [state, 0])) as Record<RunState, number>
      return { ...none, ...Object.fromEntries(rows.map((row) => [row.state, row.count])) }
    },

    async ends() {
      const rows = await db
        .selectFrom('runs')
        .select([
          sql<string>`coalesce(outcome::json ->> 'verdict', state)`.as('word'),
          sql<number>`count(*)::integer`.as('count'),
        ])
        .where('outcome', 'is not', null)
        .groupBy('word')
        .execute()
      return Object.fromEntries(rows.map((row) => [row.word, row.count]))
    },
  }
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
