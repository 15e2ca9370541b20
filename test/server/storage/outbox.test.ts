import { expect, test } from 'vitest'
import { capacity, enrolment, onBothDatabases, START } from './bench.ts'

const comment = (body: string) => ({ kind: 'comment', repository: 'Org/recipe', pull: 3, body }) as const

onBothDatabases((databases) => {
  test('the newest wish is due once, to one publisher, and survives a publisher that dies', async () => {
    const store = await (await databases.bench()).open()
    await store.setDesired(comment('one'))
    await store.setDesired(comment('one'))
    const [first] = await store.takePending(START, 10, 5000)
    expect(first).toMatchObject({ version: 1, tries: 0, remoteId: null, answer: comment('one') })
    await store.setDesired(comment('two'))
    expect(await store.takePending(START + 4999, 10, 5000)).toEqual([])
    await store.markPublished(first?.key ?? '', 1, 77)
    const [second] = await store.takePending(START + 1, 10, 5000)
    expect(second).toMatchObject({ version: 2, remoteId: 77, answer: comment('two') })
    const [retry] = await store.takePending(START + 5001, 10, 5000)
    expect(retry).toMatchObject({ version: 2, tries: 1 })
    await store.postpone(retry?.key ?? '', START + 60_000)
    expect(await store.takePending(START + 59_999, 10, 5000)).toEqual([])
    expect(await store.countPending()).toBe(1)
    await store.markPublished(retry?.key ?? '', 2, null)
    expect(await store.countPending()).toBe(0)
    expect(await store.takePending(START + 3_600_000, 10, 5000)).toEqual([])
    await store.setDesired(comment('three'))
    const [third] = await store.takePending(START + 60_000, 10, 5000)
    expect(third).toMatchObject({ version: 3, remoteId: 77, tries: 0 })
    await store.postpone(third?.key ?? '', 'forget')
    expect(await store.countPending()).toBe(0)
  })

  test('a comment is made of what is wanted now, by one at a time', async () => {
    const store = await (await databases.bench()).open()
    const longer = () => store.updateComment('Org/recipe', 3, (now) => comment(`${now?.body ?? ''}x`))
    await Promise.all([longer(), longer(), longer(), longer()])
    await store.updateComment('org/Recipe', 3, () => null)
    expect(await store.takePending(START, 10, 5000)).toMatchObject([{ version: 4, answer: comment('xxxx') }])
  })

  test('an answer held by a clock that went back is due', async () => {
    const store = await (await databases.bench()).open()
    await store.setDesired(comment('one'))
    expect(await store.takePending(START + 3_600_000, 10, 5000)).toHaveLength(1)
    expect(await store.takePending(START, 10, 5000)).toHaveLength(1)
    expect(await store.takePending(START + 1, 10, 5000)).toEqual([])
    // Another server read its clock before this one was handed the answer, and asks after it.
    expect(await store.takePending(START - 3, 10, 5000)).toEqual([])
  })

  test('enrolments are found by their own name first, then by their organisation, without case', async () => {
    const store = await (await databases.bench()).open()
    await store.enroll(enrolment('Org', { by: 'ann' }))
    await store.enroll(enrolment('Org/Special', { by: 'bob' }))
    expect((await store.enrollmentOf('oRG/special'))?.by).toBe('bob')
    expect((await store.enrollmentOf('org/other'))?.by).toBe('ann')
    expect(await store.enrollmentOf('organisation/other')).toBeNull()
    expect(await store.cursor('ORG')).toBe(new Date(START).toISOString())
    await store.setCursor('Org', '2026-02-01T00:00:00Z')
    await store.enroll(enrolment('Org', { by: 'eve' }))
    expect(await store.cursor('org')).toBe('2026-02-01T00:00:00Z')
    expect(await store.withdraw('ORG')).toBe(true)
    expect(await store.withdraw('ORG')).toBe(false)
    expect(await store.enrollmentOf('org/other')).toBeNull()
  })

  test('a worker is added once, known by its token, seen with its memory', async () => {
    const store = await (await databases.bench()).open()
    await store.addWorker('far', 'hash')
    await expect(store.addWorker('far', 'other')).rejects.toMatchObject({ code: 'worker-exists' })
    const disks = { runs: { freeBytes: 1, sizeBytes: 9 }, images: null }
    await store.seenWorker(capacity({ worker: 'far', freeBytes: 5, disks }), START)
    await store.seenWorker(capacity({ worker: 'embedded' }), START)
    expect(await store.workers()).toMatchObject([
      { name: 'embedded', disks: null },
      { name: 'far', freeBytes: 5, disks },
    ])
    expect(await store.workerOfToken('other')).toBeNull()
    expect(await store.removeWorker('far')).toBe(true)
    expect(await store.workerOfToken('hash')).toBeNull()
  })
})
