import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { capacity, claimed, commentOf, LEASE_MS, onBothDatabases, outcomeOf, request, START, stale } from './bench.ts'

onBothDatabases((databases) => {
  test('a comment becomes a run, its claim a lease, its end an outcome on disk', async () => {
    const bench = await databases.bench()
    const store = await bench.open()
    const asked = request({ pullNumber: 7 })
    expect(await store.decide(commentOf(asked), asked)).toEqual({ first: true, superseded: [], newer: null })
    expect((await store.run(asked.id))?.request).toEqual(asked)
    const claim = await claimed(store)
    expect(claim).toMatchObject({ request: asked, folder: asked.id, lease: { run: asked.id, attempt: 1 } })
    expect(await store.claim(capacity(), START, LEASE_MS)).toBeNull()
    expect(await store.renew(claim.lease, START + 2000, LEASE_MS)).toMatchObject({ cancel: null })
    const outcome = outcomeOf(claim, { teardown: 'unknown' })
    expect(await store.finish(claim.lease, outcome)).toBe(true)
    expect(await store.tornDown(claim.lease, 'clean')).toBe(true)
    const written = JSON.parse(await readFile(join(bench.state, 'runs', asked.id, 'outcome.json'), 'utf8'))
    expect(written).toEqual({ ...outcome, teardown: 'clean' })
    expect(await store.run(asked.id)).toMatchObject({ state: 'done', outcome: written, leaseUntil: null })
    expect(await store.counts()).toEqual({ queued: 0, running: 0, done: 1, cancelled: 0, error: 0 })
    expect(await store.ends()).toEqual({ pass: 1 })
    const other = await store
      .add(request({ repository: 'Org/other' }))
      .then(() => store.runs({ state: ['queued'], limit: 1 }))
    await store.cancel(other[0]?.request.id ?? '', 'enough', START)
    expect(await store.ends()).toEqual({ pass: 1, cancelled: 1 })
  })

  test('fifty deliveries of one comment at once make one run', async () => {
    const store = await (await databases.bench()).open()
    const first = request({ pullNumber: 7 })
    const all = Array.from({ length: 50 }, (_, index) =>
      index === 0 ? first : { ...request({ pullNumber: 7 }), pull: first.pull },
    )
    const answers = await Promise.all(all.map((asked) => store.decide(commentOf(asked), asked)))
    expect(answers.filter((answer) => answer.first)).toHaveLength(1)
    expect(await store.counts()).toMatchObject({ queued: 1, cancelled: 0 })
  })

  test('a newer trigger takes the place of a queued run of its pull request, never of a running one', async () => {
    const store = await (await databases.bench()).open()
    const [first, second, third] = [1, 2, 3].map(() => request({ pullNumber: 7 })) as [
      ReturnType<typeof request>,
      ReturnType<typeof request>,
      ReturnType<typeof request>,
    ]
    await store.decide(commentOf(first), first)
    await claimed(store)
    expect(await store.decide(commentOf(second), second)).toEqual({ first: true, superseded: [], newer: null })
    const { superseded } = await store.decide(commentOf(third), third)
    expect(superseded).toMatchObject([
      { request: second, state: 'cancelled', outcome: { teardown: 'none', message: `superseded by ${third.id}` } },
    ])
    expect(await store.run(first.id)).toMatchObject({ state: 'running' })
    expect(await store.claim(capacity(), START, LEASE_MS)).toBeNull()
  })

  test.each(['queued', 'running'])(
    'an older comment that is decided late leaves the %s run of a newer one',
    async (state) => {
      const bench = await databases.bench()
      const store = await bench.open()
      const [older, newer] = [request({ pullNumber: 7 }), request({ pullNumber: 7 })]
      await store.decide(commentOf(newer), newer)
      if (state === 'running') await claimed(store)
      const late = await store.decide(commentOf(older), older)
      expect(late).toMatchObject({ first: true, superseded: [], newer: { request: newer, state } })
      expect(await store.run(older.id)).toBeNull()
      const kept = await store.decided(older.repository, commentOf(older).comment)
      expect(kept).toMatchObject({ decision: 'ignored', run: newer.id })
      expect(await store.decide(commentOf(older), older)).toEqual({ first: false, superseded: [], newer: null })
    },
  )

  test('a writer whose lease is gone changes nothing', async () => {
    const store = await (await databases.bench()).open()
    await store.add(request())
    const old = await claimed(store)
    await store.expire(START + LEASE_MS)
    const now = START + LEASE_MS
    expect(await store.renew(old.lease, now, LEASE_MS)).toBe('fenced')
    const young = await claimed(store, now)
    expect(young.lease.attempt).toBe(2)
    expect(young.folder).not.toBe(old.folder)
    for (const lease of [old.lease, stale(young.lease), { ...young.lease, attempt: 1 }]) {
      expect(await store.renew(lease, now, LEASE_MS)).toBe('fenced')
      expect(await store.holds(lease)).toBe(false)
      expect(await store.finish(lease, outcomeOf(old))).toBe(false)
      expect(await store.tornDown(lease, 'left')).toBe(false)
      expect(await store.release(lease)).toBe(false)
    }
    expect(await store.run(old.request.id)).toMatchObject({ state: 'running', outcome: null })
    expect(await store.finish(young.lease, outcomeOf(young))).toBe(true)
    expect(await store.finish(young.lease, outcomeOf(young, { verdict: 'fail' }))).toBe(true)
    expect((await store.run(old.request.id))?.outcome?.verdict).toBe('pass')
    expect(await store.holds(young.lease)).toBe(false)
  })
})
