// cspell:ignore kysely reposi
// cspell:ignore plpgsql
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import type { OpenStore } from '../../../src/server/storage/open.ts'
import { claimed, commentOf, enrolment, LEASE_MS, onBothDatabases, outcomeOf, request, START } from './bench.ts'
import { rawDatabase } from './raw-database.ts'

const FAILING_COMMIT = [
  `create function fail_commit() returns trigger language plpgsql as $$ begin
    if exists (select 1 from cursors where name = 'commits' and at = 'fail') then raise exception 'no commit today'; end if;
    return null;
  end $$`,
  `create constraint trigger fail_commit after insert on comments deferrable initially deferred
    for each row execute function fail_commit()`,
]

const everything = async (store: OpenStore) => ({
  runs: await store.runs({ limit: 1000 }),
  enrolments: await store.enrollments(),
  workers: (await store.workers()).map((worker) => worker.name),
})

onBothDatabases((databases) => {
  test('a deleted database comes back from the files', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    await store.enroll(enrolment('Org/Recipe', { allow: ['ann'], memoryBytes: 5 }))
    await store.enroll(enrolment('Other'))
    await store.addWorker('far', 'hash')
    const [done, again, old, young, asked] = [1, 2, 3, 3, 4].map((pullNumber) => request({ pullNumber }))
    if (!done || !again || !old || !young || !asked) throw new Error('five requests')
    await store.decide(commentOf(done), done)
    const first = await claimed(store)
    await store.finish(first.lease, outcomeOf(first))
    await store.decide(commentOf(again), again)
    await claimed(store)
    await store.expire(START + LEASE_MS)
    const second = await claimed(store, START + LEASE_MS)
    await store.finish(second.lease, outcomeOf(second, { verdict: 'fail', level: 2 }))
    await store.decide(commentOf(old), old)
    await store.decide(commentOf(young), young)
    await store.decide(commentOf(asked), asked)
    expect(await store.firstRefusal('Org/Recipe', 9, 'Stranger')).toBe(true)
    const before = await everything(store)
    await bench.forgetDatabase()
    const rebuilt = await bench.open()
    expect(await everything(rebuilt)).toEqual(before)
    expect(rebuilt.damaged).toEqual([])
    expect(await rebuilt.decided('org/recipe', done.pull?.comment ?? 0)).toEqual(commentOf(done))
    expect((await rebuilt.decide(commentOf(asked), { ...asked, id: request().id })).first).toBe(false)
    expect(await rebuilt.wasRefused('Org/recipe', 9, 'stranger')).toBe(true)
    expect(await rebuilt.wasRefused('Org/recipe', 8, 'stranger')).toBe(false)
    expect(await rebuilt.firstRefusal('org/recipe', 9, 'stranger')).toBe(false)
    expect(await rebuilt.workerOfToken('hash')).toBe('far')
    expect(await rebuilt.cursor('ORG/recipe')).toBe(new Date(START).toISOString())
    expect(await rebuilt.rebuild()).toMatchObject({ runs: 0, comments: 0 })
    expect(await everything(rebuilt)).toEqual(before)
  })

  test('a run that was running is queued again, and its old worker is fenced', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    const asked = request({ pullNumber: 1 })
    await store.decide(commentOf(asked), asked)
    const old = await claimed(store)
    await bench.forgetDatabase()
    const rebuilt = await bench.open()
    expect(await rebuilt.run(asked.id)).toMatchObject({ state: 'queued', attempt: 1, folder: asked.id })
    const young = await claimed(rebuilt)
    expect(young.lease.attempt).toBe(2)
    expect(young.folder).not.toBe(old.folder)
    expect(await rebuilt.finish(old.lease, outcomeOf(old))).toBe(false)
  })

  test('an outcome on disk that the row does not know is the end of the run', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    await store.add(request())
    const claim = await claimed(store)
    const outcome = outcomeOf(claim)
    await writeFile(join(bench.state, 'runs', claim.folder, 'outcome.json'), JSON.stringify(outcome))
    expect(await store.rebuild()).toMatchObject({ runs: 1 })
    expect(await store.run(claim.request.id)).toMatchObject({ state: 'done', outcome })
    expect(await store.finish(claim.lease, outcome)).toBe(false)
  })

  test('two folders of one comment stay one run', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    const counted = request({ pullNumber: 1 })
    const stray = { ...request(), pull: counted.pull }
    await store.decide(commentOf(counted), counted)
    await mkdir(join(bench.state, 'runs', stray.id))
    await writeFile(join(bench.state, 'runs', stray.id, 'request.json'), JSON.stringify(stray))
    await store.rebuild()
    expect(await store.run(counted.id)).toMatchObject({ state: 'queued' })
    expect(await store.run(stray.id)).toMatchObject({
      state: 'cancelled',
      outcome: { message: `its comment was answered by ${counted.id}` },
    })
  })

  test('a decision that was not committed and is made again counts as it was made last', async () => {
    const bench = await databases.bench()
    await (await bench.open()).close()
    const raw = await rawDatabase(bench)
    for (const statement of FAILING_COMMIT) await sql.raw(statement).execute(raw.db)
    await raw.close()
    const store = await bench.open()
    const lost = request({ pullNumber: 1 })
    const kept = { ...request(), pull: lost.pull }
    await store.setCursor('commits', 'fail')
    await expect(store.decide(commentOf(lost), lost)).rejects.toThrow('no commit today')
    expect(await store.decided('Org/recipe', lost.pull?.comment ?? 0)).toBeNull()
    await store.setCursor('commits', 'work')
    expect(await store.decide(commentOf(kept), kept)).toMatchObject({ first: true })
    await bench.forgetDatabase()
    const rebuilt = await bench.open()
    expect((await rebuilt.decided('Org/recipe', kept.pull?.comment ?? 0))?.run).toBe(kept.id)
    expect(await rebuilt.run(kept.id)).toMatchObject({ state: 'queued' })
    expect(await rebuilt.run(lost.id)).toMatchObject({ state: 'cancelled' })
  })

  test('damaged files are skipped and listed', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    const [good, bad] = [request({ pullNumber: 1 }), request({ pullNumber: 2 })]
    await store.decide(commentOf(good), good)
    await store.decide(commentOf(bad), bad)
    await bench.forgetDatabase()
    await appendFile(join(bench.state, 'server', 'decided.ndjson'), '{"kind":"comment","reposi')
    await writeFile(join(bench.state, 'runs', bad.id, 'request.json'), '{')
    await mkdir(join(bench.state, 'server', 'enrolments'), { recursive: true })
    await writeFile(join(bench.state, 'server', 'enrolments', 'x.json'), '[]')
    await mkdir(join(bench.state, 'runs', request().id))
    const rebuilt = await bench.open()
    expect(rebuilt.damaged.map((damage) => damage.file.slice(bench.state.length + 1))).toEqual([
      'server/decided.ndjson:3',
      `runs/${bad.id}/request.json`,
      'server/enrolments/x.json',
    ])
    expect(await rebuilt.run(good.id)).toMatchObject({ state: 'queued' })
    const next = request({ pullNumber: 3 })
    await rebuilt.decide(commentOf(next), next)
    await bench.forgetDatabase()
    expect(await (await bench.open()).decided('Org/recipe', next.pull?.comment ?? 0)).toEqual(commentOf(next))
    await rm(join(bench.state, 'server', 'decided.ndjson'))
  })
})
