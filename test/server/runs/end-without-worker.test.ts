import { expect, test } from 'vitest'
import { capacity, claimed, LEASE_MS, onBothDatabases, outcomeOf, request, START } from '../storage/bench.ts'

const HOUR = 3_600_000

onBothDatabases((databases) => {
  test('the third attempt that loses its worker ends the run as an error that says so', async () => {
    const store = await (await databases.bench()).open()
    const asked = request()
    await store.add(asked)
    let now = START
    for (const attempt of [1, 2, 3]) {
      const claim = await claimed(store, now, { worker: `w${attempt}` })
      expect(claim.lease.attempt).toBe(attempt)
      expect(await store.expire(now + LEASE_MS - 1)).toEqual([])
      now += LEASE_MS
      expect(await store.expire(now)).toMatchObject([{ state: attempt === 3 ? 'error' : 'queued', attempt }])
    }
    const row = await store.run(asked.id)
    expect(row).toMatchObject({ state: 'error', outcome: { state: 'error', verdict: null, attempts: 3 } })
    expect(row?.outcome?.message).toContain('3 attempts lost their worker, the last one w3')
    expect(await store.expire(now + HOUR)).toEqual([])
  })

  test('a cancel ends a queued run at once and a running one by its worker or by its lost lease', async () => {
    const store = await (await databases.bench()).open()
    const [queued, heard, lost] = [request(), request(), request()]
    await store.add(heard)
    const heardClaim = await claimed(store)
    await store.add(lost)
    await claimed(store)
    await store.add(queued)
    expect(await store.cancel(queued.id, 'by Ann', START)).toBe('cancelled')
    expect(await store.run(queued.id)).toMatchObject({
      state: 'cancelled',
      cancelReason: 'by Ann',
      outcome: { message: 'by Ann', teardown: 'none', attempts: 0 },
    })
    expect(await store.cancel(heard.id, 'by Ann', START)).toBe('asked')
    expect(await store.cancel(lost.id, 'by Bob', START)).toBe('asked')
    expect(await store.renew(heardClaim.lease, START, LEASE_MS)).toMatchObject({ cancel: 'by Ann' })
    await store.finish(heardClaim.lease, outcomeOf(heardClaim, { state: 'cancelled', verdict: null }))
    expect(await store.cancel(heard.id, 'again', START)).toBe('ended')
    expect(await store.cancel('20260101-000000-aaaaaa', 'x', START)).toBe('unknown')
    expect(await store.expire(START + LEASE_MS)).toMatchObject([
      { request: { id: lost.id }, state: 'cancelled', outcome: { teardown: 'unknown' } },
    ])
  })

  test('a run that is given back is queued again in a folder of its own, and the attempt does not count', async () => {
    const store = await (await databases.bench()).open()
    const asked = request()
    await store.add(asked)
    const first = await claimed(store)
    expect(await store.release(first.lease)).toBe(true)
    expect(await store.holds(first.lease)).toBe(false)
    expect(await store.run(asked.id)).toMatchObject({ state: 'queued', attempt: 0, worker: null })
    const second = await claimed(store)
    expect(second.lease).toMatchObject({ run: asked.id, attempt: 1 })
    expect(await store.finish(first.lease, outcomeOf(first))).toBe(false)
    await store.cancel(asked.id, 'by Ann', START)
    await store.release(second.lease)
    expect(await store.claim(capacity(), START, LEASE_MS)).toBeNull()
    expect(await store.expire(START)).toMatchObject([{ state: 'cancelled' }])
  })

  test('a clock that goes back does not let a dead worker keep its run, one that goes forward loses nothing', async () => {
    const store = await (await databases.bench()).open()
    const asked = request()
    await store.add(asked)
    await claimed(store, START + 5 * HOUR)
    expect(await store.expire(START)).toEqual([])
    expect(await store.expire(START + LEASE_MS)).toMatchObject([{ state: 'queued', attempt: 1 }])
    const alive = await claimed(store, START + LEASE_MS)
    expect(await store.renew(alive.lease, START - HOUR, LEASE_MS)).toMatchObject({ cancel: null })
    expect(await store.expire(START - HOUR)).toEqual([])
    expect(await store.expire(START + 9 * HOUR)).toMatchObject([{ state: 'queued', attempt: 2 }])
    const last = await claimed(store, START + 9 * HOUR)
    expect(await store.finish(alive.lease, outcomeOf(alive))).toBe(false)
    expect(await store.finish(last.lease, outcomeOf(last))).toBe(true)
  })
})
