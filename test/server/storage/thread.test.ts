// cspell:ignore kysely
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ThreadDatabase } from '../../../src/server/storage/embedded/database.ts'
import { ExclusivePGliteDialect } from '../../../src/server/storage/embedded/dialect.ts'
import { DatabaseSupervisor } from '../../../src/server/storage/embedded/supervisor.ts'
import { Session } from '../../../src/server/storage/embedded/thread/session.ts'
import { FakeClock } from './bench.ts'

interface Numbers {
  numbers: { n: number }
}

let folder: string
let embedded: ThreadDatabase
let db: Kysely<Numbers>
let reported: string[]

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'cc-ci-thread-')), 'database')
  await mkdir(folder)
  reported = []
  embedded = new ThreadDatabase({
    ...{ folder, clock: new FakeClock() },
    ...{
      onQuarantined: (aside) => reported.push(`aside ${aside}`),
      onRestarted: (reason) => reported.push(`anew: ${reason}`),
    },
  })
  db = new Kysely<Numbers>({ dialect: new ExclusivePGliteDialect(embedded) })
  await sql`create table numbers (n integer primary key)`.execute(db)
})
afterEach(async () => {
  await db.destroy()
  await rm(join(folder, '..'), { recursive: true, force: true })
})

const all = async () => (await db.selectFrom('numbers').select('n').orderBy('n').execute()).map(({ n }) => n)
const add = (n: number) => db.insertInto('numbers').values({ n }).execute()

test('an error keeps its SQLSTATE, and a transaction is undone by it even where it is swallowed', async () => {
  await add(1)
  await expect(add(1)).rejects.toMatchObject({ code: '23505', message: expect.stringContaining('duplicate key') })
  const swallowing = db.transaction().execute(async (trx) => {
    await trx.insertInto('numbers').values({ n: 2 }).execute()
    await trx
      .insertInto('numbers')
      .values({ n: 1 })
      .execute()
      .catch(() => {})
  })
  await expect(swallowing).rejects.toMatchObject({ code: '23505' })
  expect(await all()).toEqual([1])
})

test('transactions have the connection for themselves, in the order in which they asked', async () => {
  const order: string[] = []
  const one = async (name: string, n: number) =>
    db.transaction().execute(async (trx) => {
      order.push(`${name} begins`)
      await trx.insertInto('numbers').values({ n }).execute()
      await new Promise((resolve) => setImmediate(resolve))
      order.push(`${name} ends`)
    })
  await Promise.all([one('a', 1), one('b', 2), all(), one('c', 3)])
  expect(order).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]))
})

test('the death of the thread undoes what was open, says so to who waits, and the next question finds what was committed', async () => {
  await add(1)
  const session = await embedded.session()
  const waits = expect(session.query('select pg_sleep(60)', [])).rejects.toMatchObject({ code: 'database-gone' })
  await session.kill(new Error('struck'))
  await waits
  expect(await all()).toEqual([1])
  const during = db.transaction().execute(async (trx) => {
    await trx.insertInto('numbers').values({ n: 2 }).execute()
    await (await embedded.session()).kill(new Error('struck again'))
    await trx.insertInto('numbers').values({ n: 3 }).execute()
  })
  await expect(during).rejects.toMatchObject({
    code: 'database-gone',
    message: expect.stringContaining('struck again'),
  })
  expect(await all()).toEqual([1])
  expect(reported).toEqual(['anew: struck', 'anew: struck again'])
})

test('a query that turns in circles ends its session, and what waits behind it is told', async () => {
  const slow = await Session.open({ folder: join(folder, '..', 'other'), prepared: null }, 2_000)
  const asked = ['select pg_sleep(60)', 'select 1'].map((query) => slow.query(query, []))
  for (const one of asked)
    await expect(one).rejects.toMatchObject({
      code: 'database-gone',
      message: expect.stringContaining('a query had no answer within 2000 ms'),
    })
  expect(slow.ended).not.toBeNull()
})

test('every life is caught up with once before it is used, and again when that failed', async () => {
  let lives = 0
  let fails = false
  const upkeep = new DatabaseSupervisor(embedded, async () => {
    lives += 1
    if (fails) throw new Error('not now')
  })
  const look = () => upkeep.run(all)
  expect(await Promise.all([look(), look(), look()])).toEqual([[], [], []])
  expect(lives).toBe(1)
  fails = true
  await (await embedded.session()).kill(new Error('struck'))
  await expect(look()).rejects.toThrow('not now')
  fails = false
  expect(await look()).toEqual([])
  expect(await look()).toEqual([])
  expect(lives).toBe(3)
})

test('closing waits for what was asked', async () => {
  const session = await embedded.session()
  const asked = Array.from({ length: 50 }, (_, n) => session.query('insert into numbers values ($1)', [n]))
  await embedded.close()
  await Promise.all(asked)
  await expect(embedded.session()).rejects.toMatchObject({ code: 'database-gone' })
  embedded = new ThreadDatabase({
    folder,
    clock: new FakeClock(),
    onQuarantined: reported.push,
    onRestarted: reported.push,
  })
  db = new Kysely<Numbers>({ dialect: new ExclusivePGliteDialect(embedded) })
  expect(await all()).toHaveLength(50)
})

test('the thread computes beside the one that asks', async () => {
  let turns = 0
  const turn = setInterval(() => {
    turns += 1
  }, 1)
  await sql`select count(*) from generate_series(1, 3000000) a(n) where sqrt(n) > 3`.execute(db)
  clearInterval(turn)
  expect(turns).toBeGreaterThan(5)
})

test('a process whose store is closed ends', async () => {
  const open = fileURLToPath(new URL('../../../src/server/storage/open.ts', import.meta.url))
  const code = `const { openStore } = await import(${JSON.stringify(open)})
    const store = await openStore({ state: ${JSON.stringify(join(folder, '..', 'state'))}, databaseUrl: null })
    console.log((await store.counts()).queued)
    await store.close()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  expect(await text(child.stdout)).toBe('0\n')
  expect((await exit)[0]).toBe(0)
})
