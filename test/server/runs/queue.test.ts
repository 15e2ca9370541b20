// cspell:ignore kysely
import { performance } from 'node:perf_hooks'
import { sql } from 'kysely'
import { expect, test } from 'vitest'
import { newRunId } from '../../../src/lib/ids.ts'
import { capacity, claimed, GIB, LEASE_MS, onBothDatabases, outcomeOf, request, START } from '../storage/bench.ts'
import { rawDatabase } from '../storage/raw-database.ts'

const later = (ms: number) => new Date(START + ms).toISOString()

onBothDatabases((databases) => {
  test('priority first, then repositories in turn, then age', async () => {
    const store = await (await databases.bench()).open()
    const sweep = request({ priority: 'sweep', repository: 'Org/c', at: later(0) })
    const manual = request({ priority: 'manual', repository: 'Org/c', at: later(1000) })
    const a = [1, 2, 3].map((n) => request({ repository: 'Org/a', pullNumber: n, at: later(n * 1000) }))
    const b = [4, 5].map((n) => request({ repository: 'Org/b', pullNumber: n, at: later(n * 1000) }))
    for (const asked of [sweep, manual, ...a, ...b]) await store.add(asked)
    const order: (string | undefined)[] = []
    for (let n = 0; n < 7; n += 1) order.push((await claimed(store, START + 10_000 + n)).request.id)
    expect(order).toEqual([a[0], b[0], a[1], b[1], a[2], manual, sweep].map((asked) => asked?.id))
  })

  test('an attribution takes no place from a run, and makes room for a newer one', async () => {
    const store = await (await databases.bench()).open()
    const red = request({ pullNumber: 1 })
    const why = { run: red.id, old: red.commit, baseline: red.id, only: ['install' as const], runDeadlineMs: 1 }
    const asksWhy = (ms: number) => request({ priority: 'sweep', pullNumber: 1, at: later(ms), why })
    await store.add(red)
    // It supersedes nothing that waits.
    const first = asksWhy(1000)
    expect((await store.add(first)).superseded).toEqual([])
    const judged = await claimed(store)
    expect(judged.request.id).toBe(red.id)
    await store.finish(judged.lease, outcomeOf(judged))
    const asking = await claimed(store)
    expect(asking.request).toEqual(first)
    // A new run cancels it, for a pull request has one run at a time.
    const next = request({ pullNumber: 1, at: later(2000) })
    expect((await store.add(next)).superseded).toEqual([])
    const asked = { cancelReason: `superseded by ${next.id}`, cancelAskedAt: expect.any(String) }
    expect(await store.run(first.id)).toMatchObject({ state: 'running', ...asked })
    expect(await store.renew(asking.lease, START, LEASE_MS)).toMatchObject({ cancel: asked.cancelReason })
    await store.finish(asking.lease, outcomeOf(asking, { state: 'cancelled', verdict: null, level: null }))
    // One that waits is superseded like any other.
    const second = asksWhy(3000)
    await store.add(second)
    expect(
      (await store.add(request({ pullNumber: 1, at: later(4000) }))).superseded.map((row) => row.request.id),
    ).toEqual(expect.arrayContaining([second.id, next.id]))
  })

  test('only what fits is given out, and what no worker can hold waits for a larger one', async () => {
    const store = await (await databases.bench()).open()
    const large = request({ memoryBytes: 6 * GIB })
    const small = request({ memoryBytes: GIB, at: later(1000) })
    await store.add(large)
    await store.add(small)
    expect(await store.claim(capacity({ freeBytes: GIB - 1 }), START, LEASE_MS)).toBeNull()
    const minute = 60_000
    expect(await store.claim(capacity({ freeBytes: 2 * GIB }), START + 10 * minute, LEASE_MS)).toBeNull()
    const little = { memoryBytes: 4 * GIB, freeBytes: 4 * GIB }
    expect((await claimed(store, START + 10 * minute, little)).request.id).toBe(small.id)
    expect(await store.claim(capacity(little), START + 10 * minute, LEASE_MS)).toBeNull()
    expect((await claimed(store, START + 10 * minute)).request.id).toBe(large.id)
  })

  test('one worker is kept for a large run that waits, the others go on', async () => {
    const store = await (await databases.bench()).open()
    const now = START + 20 * 60_000
    const claim = async (worker: string, freeBytes: number) => {
      const room = capacity({ worker, freeBytes })
      await store.seenWorker(room, now)
      return (await store.claim(room, now, LEASE_MS))?.request.id ?? null
    }
    for (let n = 0; n < 9; n += 1)
      await store.add(request({ repository: `Org/r${n}`, memoryBytes: 2 * GIB, at: later(n * 1000) }))
    // w1 has one run of 2 GiB, w2 has two.
    await claim('w1', 8 * GIB)
    await claim('w2', 8 * GIB)
    await claim('w2', 6 * GIB)
    const large = request({ repository: 'Org/large', memoryBytes: 8 * GIB, priority: 'manual', at: later(0) })
    for (const { row } of await store.queue(9)) await store.cancel(row.request.id, 'enough', START)
    await store.add(large)
    const small = request({ repository: 'Org/small', memoryBytes: GIB, priority: 'sweep', at: later(5000) })
    await store.add(small)
    expect(await claim('w1', 6 * GIB)).toBeNull()
    expect(await claim('w2', 4 * GIB)).toBe(small.id)
    // One that is away keeps nothing, however much is free there.
    await store.seenWorker(capacity({ worker: 'w3' }), now - 10 * 60_000)
    expect(await claim('w1', 6 * GIB)).toBeNull()
    expect(await claim('w4', 8 * GIB)).toBe(large.id)
  })

  test('a place in the queue counts what is ahead and guesses from what runs took', async () => {
    const store = await (await databases.bench()).open()
    await store.add(request())
    const waiting = request({ pullNumber: 1, at: later(1000) })
    await store.add(waiting)
    expect(await store.place(waiting.id, START)).toEqual({ ahead: 1, etaMs: null })
    const claim = await claimed(store)
    expect(await store.place(claim.request.id, START)).toBeNull()
    await store.finish(claim.lease, outcomeOf(claim, { finishedAt: later(240_000) }))
    await store.add(request({ at: later(500) }))
    expect(await store.place(waiting.id, START)).toEqual({ ahead: 1, etaMs: 240_000 })
  })

  test('the queue is told from its beginning, and how much waits since when', async () => {
    const store = await (await databases.bench()).open()
    const sweep = request({ priority: 'sweep', at: later(0) })
    const manual = request({ priority: 'manual', at: later(1000) })
    const pulls = [3, 1, 2].map((n) => request({ pullNumber: n, at: later(n * 2000) }))
    for (const asked of [sweep, manual, ...pulls]) await store.add(asked)
    const first = await store.queue(3)
    expect(first.map(({ row }) => row.request)).toEqual([pulls[1], pulls[2], pulls[0]])
    expect((await store.queue(9)).map(({ row }) => row.request).slice(3)).toEqual([manual, sweep])
    for (const { row, place } of await store.queue(9)) expect(place).toEqual(await store.place(row.request.id, START))
    expect(await store.waiting()).toEqual([
      { priority: 'pull', runs: 3, since: later(2000) },
      { priority: 'manual', runs: 1, since: later(1000) },
      { priority: 'sweep', runs: 1, since: later(0) },
    ])
    await claimed(store)
    expect((await store.queue(9)).map(({ place }) => place.ahead)).toEqual([1, 2, 3, 4])
    await store.cancel(manual.id, 'enough', START)
    expect((await store.waiting())[1]).toEqual({ priority: 'manual', runs: 0, since: null })
  })

  test('ten thousand queued runs: each claim is still quick', async () => {
    const bench = await databases.bench()
    const empty = await bench.open()
    await bench.closeAll()
    expect(empty.kind).toBe(databases.kind)
    const raw = await rawDatabase(bench)
    const rows = Array.from({ length: 10_000 }, (_, index) => {
      const at = START + index * 1000
      const asked = request({ repository: `Org/r${index % 100}`, pullNumber: index, at: later(index * 1000) })
      const named = { ...asked, id: newRunId(at), memoryBytes: index % 7 === 0 ? 6 * GIB : GIB }
      return [named.id, named.repository.toLowerCase(), index, 0, at, named.memoryBytes, JSON.stringify(named)]
    })
    for (let from = 0; from < rows.length; from += 500) {
      const values = rows
        .slice(from, from + 500)
        .map(
          ([id, repo, pull, priority, at, memory, document]) =>
            sql`(${id}, ${repo}, ${pull}, ${priority}, ${at}, ${memory}, ${document}, 'queued', 0, ${id})`,
        )
      await sql`insert into runs (id, repo, pull, priority, at, memory, request, state, attempt, folder) values ${sql.join(values)}`.execute(
        raw.db,
      )
    }
    await raw.close()
    const store = await bench.open()
    const took: number[] = []
    const repositories = new Set<string>()
    for (let n = 0; n < 40; n += 1) {
      const began = performance.now()
      const claim = await claimed(store, START + n, { memoryBytes: 4 * GIB, freeBytes: 2 * GIB })
      took.push(performance.now() - began)
      repositories.add(claim.request.repository)
    }
    expect(repositories.size).toBe(40)
    took.sort((a, b) => a - b)
    const at = (part: number) => `${took[Math.floor(took.length * part)]?.toFixed(1)} ms`
    console.log(`${databases.kind}: claim among 10,000 queued: median ${at(0.5)}, p95 ${at(0.95)}, worst ${at(0.999)}`)
  })
})
