// cspell:ignore kysely filepath
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { execOk } from '../../../src/lib/process/exec.ts'
import { openStore } from '../../../src/server/storage/open.ts'
import { claimed, commentOf, enrolment, FakeClock, outcomeOf, request } from './bench.ts'
import { rawDatabase } from './raw-database.ts'

let state: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'cc-ci-damaged-'))
})
afterEach(() => rm(state, { recursive: true, force: true }))

const database = (...path: string[]) => join(state, 'server', 'database', ...path)
const asides = async () => (await readdir(join(state, 'server'))).filter((name) => name.startsWith('database.damaged-'))

/** A store that is open, and what it logged. */
async function open(clock = new FakeClock()) {
  const lines: string[] = []
  const log = pino({}, { write: (line: string) => lines.push(line) })
  return { store: await openStore({ state, databaseUrl: null, clock, log }), lines }
}

async function garbage(file: string): Promise<void> {
  const { length } = await readFile(file)
  await writeFile(file, Buffer.alloc(length, 'garbage'))
}

async function tableFile(): Promise<string> {
  const raw = await rawDatabase({ state, databaseUrl: null })
  const { rows } = await sql<{ path: string }>`select pg_relation_filepath('runs') as path`.execute(raw.db)
  await raw.close()
  return database(rows[0]?.path ?? '')
}

const DAMAGES: Readonly<Record<string, () => Promise<void>>> = {
  'of another version of PostgreSQL': () => writeFile(database('PG_VERSION'), '12\n'),
  'with garbage as its control file': () => garbage(database('global', 'pg_control')),
  'with a truncated control file': () => truncate(database('global', 'pg_control'), 100),
  'without its journal of writes': async () => {
    for (const name of await readdir(database('pg_wal')))
      if (/^[0-9A-F]{24}$/.test(name)) await truncate(database('pg_wal', name), 0)
  },
  'with garbage in the table of runs': async () => garbage(await tableFile()),
  'without the file of its table of runs': async () => rm(await tableFile()),
  'that is half there': () => rm(database('global'), { recursive: true }),
}

for (const [name, damage] of Object.entries(DAMAGES)) {
  test(`a database ${name} is moved aside, and the folders tell everything again`, async () => {
    const first = await open()
    await first.store.enroll(enrolment('Org/Recipe'))
    const [done, waiting] = [request({ pullNumber: 1 }), request({ pullNumber: 2 })]
    await first.store.decide(commentOf(done), done)
    const claim = await claimed(first.store)
    await first.store.finish(claim.lease, outcomeOf(claim))
    await first.store.decide(commentOf(waiting), waiting)
    const before = await first.store.runs({ limit: 10 })
    await first.store.close()
    expect(first.lines).toEqual([])
    await damage()
    const second = await open()
    expect(await second.store.runs({ limit: 10 })).toEqual(before)
    expect(await second.store.enrollments()).toHaveLength(1)
    expect((await second.store.decided('Org/recipe', done.pull?.comment ?? 0))?.run).toBe(done.id)
    expect(await asides()).toEqual(['database.damaged-2026-01-05T10-00-00-000Z'])
    expect(second.lines).toHaveLength(1)
    expect(second.lines[0]).toContain('quarantined')
    await second.store.close()
    const third = await open()
    expect(third.lines).toEqual([])
    expect((await claimed(third.store)).request.id).toBe(waiting.id)
    await third.store.close()
  })
}

test('a damaged database that cannot be moved aside is told, with what to do', async () => {
  await (await open()).store.close()
  await execOk('mount', ['--bind', database(), database()], { timeoutMs: 10_000 })
  try {
    await writeFile(database('PG_VERSION'), '12\n')
    await expect(open()).rejects.toMatchObject({
      code: 'database-unusable',
      blame: 'infra',
      message: expect.stringMatching(/no database can be made in .*EBUSY/),
      hint: expect.stringContaining('no mount point of its own'),
    })
  } finally {
    await execOk('umount', [database()], { timeoutMs: 10_000 })
  }
  const fixed = await open()
  expect(fixed.lines[0]).toContain('quarantined')
  await fixed.store.close()
})

test('no more than two damaged databases are kept', async () => {
  const clock = new FakeClock()
  for (let day = 0; day < 4; day += 1) {
    await (await open(clock)).store.close()
    await writeFile(database('PG_VERSION'), '12\n')
    clock.time += 86_400_000
  }
  await (await open(clock)).store.close()
  expect(await asides()).toEqual([
    'database.damaged-2026-01-08T10-00-00-000Z',
    'database.damaged-2026-01-09T10-00-00-000Z',
  ])
})
