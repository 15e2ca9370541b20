import { expect, test } from 'vitest'
import { capacity, commentOf, LEASE_MS, onBothDatabases, request, START } from './bench.ts'

onBothDatabases((databases) => {
  test('who waits for news hears of it, of the end of the wait, and of an abort', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    const writer = databases.kind === 'postgres' ? await bench.open() : store
    const never = new AbortController()
    const heard = store.changed(60_000, never.signal)
    await writer.add(request())
    await heard
    // Who waits for the queue alone is not woken by what is to be published.
    let woken = false
    const queue = store.changed(60_000, never.signal, 'queue').then(() => {
      woken = true
    })
    const all = store.changed(60_000, never.signal)
    const status = { kind: 'status', repository: 'Org/recipe', commit: 'a'.repeat(40), state: 'pending' } as const
    await writer.setDesired({ ...status, description: '', url: '' })
    await all
    expect(woken).toBe(false)
    await writer.add(request())
    await queue
    await store.changed(5, never.signal)
    const waiting = store.changed(60_000, never.signal)
    never.abort()
    await waiting
  })

  if (databases.kind === 'embedded') return

  test('several servers on one database never give a run to two workers, nor two runs of one pull request', async () => {
    const bench = await databases.bench()
    const stores = await Promise.all([bench.open(), bench.open(), bench.open(), bench.open()])
    for (let n = 0; n < 30; n += 1) await stores[0]?.add(request({ repository: `Org/r${n % 5}`, pullNumber: n + 1 }))
    const claims = await Promise.all(
      Array.from({ length: 48 }, (_, n) =>
        stores[n % stores.length]?.claim(
          capacity({ worker: `w${n}`, memoryBytes: 2 ** 40, freeBytes: 2 ** 40 }),
          START,
          LEASE_MS,
        ),
      ),
    )
    const runs = claims.flatMap((claim) => (claim ? [claim.request.id] : []))
    expect(runs).toHaveLength(30)
    expect(new Set(runs).size).toBe(30)
  })

  test('several servers that get one comment, or two of one pull request, keep one queued run', async () => {
    const bench = await databases.bench()
    const stores = await Promise.all([bench.open(), bench.open(), bench.open()])
    const same = request({ pullNumber: 1 })
    let newest = 0
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        const asked = n % 2 === 0 ? { ...request({ pullNumber: 1 }), pull: same.pull } : request({ pullNumber: 1 })
        newest = Math.max(newest, asked.pull?.comment ?? 0)
        return stores[n % stores.length]?.decide(commentOf(asked), asked)
      }),
    )
    expect(answers.filter((answer) => answer?.first)).toHaveLength(13)
    const late = answers.filter((answer) => answer?.newer).length
    expect(await stores[0]?.counts()).toMatchObject({ queued: 1, cancelled: 12 - late })
    const [left] = (await stores[0]?.runs({ state: ['queued'], limit: 2 })) ?? []
    expect(left?.request.pull?.comment).toBe(newest)
  })

  test('a database that is gone says so, and work continues when it is back', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    const asked = request({ pullNumber: 1 })
    await databases.postgres?.stop()
    const other = request({ pullNumber: 2 })
    await expect(store.decide(commentOf(other), other)).rejects.toMatchObject({ code: 'database-gone' })
    await expect(store.ping()).rejects.toMatchObject({ code: 'database-gone' })
    await expect(bench.open()).rejects.toMatchObject({ code: 'database-gone' })
    await databases.postgres?.start()
    expect((await store.decide(commentOf(asked), asked)).first).toBe(true)
    expect((await store.decide(commentOf(other), other)).first).toBe(true)
    const signal = new AbortController().signal
    await store.changed(1, signal)
    expect(await store.claim(capacity(), START, LEASE_MS)).not.toBeNull()
    expect(await store.rebuild()).toEqual({ runs: 0, comments: 0, enrolments: 0 })
  })
})
