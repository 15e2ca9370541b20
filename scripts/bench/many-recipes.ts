// cspell:ignore kysely
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql } from 'kysely'
import { pino } from 'pino'
import { newRunId } from '../../src/lib/ids.ts'
import { createPoller } from '../../src/server/comments/poll.ts'
import type { Forge } from '../../src/server/contract/forge.ts'
import { openStore } from '../../src/server/storage/open.ts'
import { capacity, enrolment, GIB, request, START } from '../../test/server/storage/bench.ts'
import { rawDatabase } from '../../test/server/storage/raw-database.ts'
import { type Postgres, startPostgres } from '../../test/server/support/postgres.ts'

/**
 * `node scripts/bench/many-recipes.ts [--recipes 1000] [--waiting 1000,10000]`: what grows in a server with its recipes and with what waits, on both databases: a claim
 * that is given a run, one of a worker that is nearly full, a look at all cells of a sweep, the database for each run, and how often a round of
 * polling asks the forge. Each time also as a multiple of `select 1` on the same database at the same time.
 */
const { values } = parseArgs({
  options: { recipes: { type: 'string', default: '1000' }, waiting: { type: 'string', default: '1000,10000' } },
})
const recipes = Number(values.recipes)

for (const kind of ['embedded', 'postgres'] as const) {
  const postgres = kind === 'postgres' ? await startPostgres() : null
  try {
    for (const waiting of values.waiting.split(',').map(Number)) await measure(kind, postgres, waiting)
  } finally {
    await postgres?.close()
  }
}

async function measure(kind: string, postgres: Postgres | null, waiting: number): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-many-'))
  const databaseUrl = (await postgres?.database()) ?? null
  await (await openStore({ state, databaseUrl })).close()
  const ids = await fill({ state, databaseUrl }, waiting)
  const store = await openStore({ state, databaseUrl })
  try {
    const one = await medianOf(50, () => store.ping())
    const row = (what: string, { p50, p95 }: Times) =>
      say(
        `${kind}, ${waiting} waiting`,
        what,
        `${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, ${Math.round(p50 / one.p50)} x select 1`,
      )
    row('select 1', one)
    const room = { memoryBytes: 8 * GIB, freeBytes: 8 * GIB }
    row(
      'a claim that is given a run',
      await medianOf(40, (n) => store.claim(capacity({ worker: `w${n}`, ...room }), START + 1e9 + n, 30_000)),
    )
    row(
      'a claim of a worker that is nearly full',
      await medianOf(40, () => store.claim(capacity({ ...room, freeBytes: GIB / 2 }), START, 30_000)),
    )
    row(
      `all ${recipes} cells of a sweep, in one question`,
      await medianOf(5, () => store.runsOf(ids.slice(0, recipes))),
    )
    row(
      `the same, one by one`,
      await medianOf(3, async () => {
        for (const id of ids.slice(0, recipes)) await store.run(id)
      }),
    )
    if (waiting === Number(values.waiting.split(',')[0])) await polling(kind, store)
  } finally {
    await store.close()
    rmSync(state, { recursive: true, force: true })
  }
}

/** Queued runs of all recipes, written past the store. Gives their ids. */
async function fill(bench: { state: string; databaseUrl: string | null }, waiting: number): Promise<string[]> {
  const raw = await rawDatabase(bench)
  const asked = Array.from({ length: waiting }, (_, n) => {
    const at = START + n * 1000
    const run = request({ priority: 'sweep', repository: `coop/r${n % recipes}`, at: new Date(at).toISOString() })
    return { ...run, id: newRunId(at), memoryBytes: (n % 20 === 0 ? 4 : 2) * GIB }
  })
  for (let from = 0; from < asked.length; from += 500) {
    const rows = asked
      .slice(from, from + 500)
      .map(
        ({ id, repository, at, memoryBytes, ...rest }) =>
          sql`(${id}, ${repository}, null, 2, ${Date.parse(at)}, ${memoryBytes}, ${JSON.stringify({ id, repository, at, memoryBytes, ...rest })}, 'queued', 0, ${id})`,
      )
    await sql`insert into runs (id, repo, pull, priority, at, memory, request, state, attempt, folder) values ${sql.join(rows)}`.execute(
      raw.db,
    )
  }
  const { rows } = await sql<{ bytes: string }>`select pg_total_relation_size('runs') as bytes`.execute(raw.db)
  say(
    bench.databaseUrl ? 'postgres' : 'embedded',
    'database for each run, indexes too',
    `${Math.round(Number(rows[0]?.bytes) / waiting)} bytes`,
  )
  await raw.close()
  return asked.map(({ id }) => id)
}

/** Calls of the forge for one round in which nobody has written anything. */
async function polling(kind: string, store: Awaited<ReturnType<typeof openStore>>): Promise<void> {
  for (const names of [['coop'], Array.from({ length: recipes }, (_, n) => `other/r${n}`)]) {
    for (const name of names) await store.enroll(enrolment(name))
    let calls = 0
    const counted = async () => {
      calls += 1
      return []
    }
    const forge = { activePulls: counted, commentsSince: counted } as Partial<Forge> as Forge
    const poll = createPoller({ store, forge, log: pino({ level: 'silent' }) }, async () => false)
    await poll(new AbortController().signal)
    for (const name of names) await store.withdraw(name)
    say(
      kind,
      `polling ${names.length === 1 ? 'an organisation' : `${names.length} repositories enrolled one by one`}`,
      `${calls} calls a round`,
    )
  }
}

interface Times {
  readonly p50: number
  readonly p95: number
}

async function medianOf(count: number, act: (n: number) => Promise<unknown>): Promise<Times> {
  const all: number[] = []
  for (let n = 0; n < count; n += 1) {
    const began = performance.now()
    await act(n)
    all.push(performance.now() - began)
  }
  all.sort((a, b) => a - b)
  return { p50: all[count >> 1] ?? 0, p95: all[Math.floor(count * 0.95)] ?? 0 }
}

function say(where: string, what: string, figure: string): void {
  process.stdout.write(`${where.padEnd(26)} ${what.padEnd(44)} ${figure}\n`)
}
