import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import type { Forge, ForgeStatus } from '../../../src/server/contract/forge.ts'
import { createPublisher } from '../../../src/server/publishing/publisher.ts'
import { openScene, requestFor } from '../support/scene.ts'

const HOUR = 3_600_000

test('a pull request is told of its new place while a sweep waits, however many runs that has', async () => {
  const scene = await openScene()
  const { store } = scene
  let ahead = 0
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  const statuses: string[] = []
  const forge: Partial<Forge> = {
    latestStatus: async () => null,
    setStatus: async (repository: string, _commit: string, { description }: ForgeStatus) =>
      void statuses.push(`${repository} ${description}`),
    editComment: async () => true,
    findComment: async () => null,
    addComment: async () => 1,
  }
  const publisher = createPublisher({ ...scene.parts, clock, forge: forge as Forge })
  // The sweep is older than what people ask.
  const at = Date.now() - HOUR
  for (let n = 0; n < 60; n += 1) {
    const cell = { priority: 'sweep' as const, pull: null, id: newRunId(at), at: new Date(at).toISOString() }
    await store.add(requestFor({ ...cell, repository: `coop/r${n}` }))
  }
  for (const name of ['first', 'second']) {
    const asked = requestFor({ repository: `coop/${name}`, commit: (name === 'first' ? 'a' : 'b').repeat(40) })
    await store.add(asked)
    const row = await store.run(asked.id)
    if (row) await publisher.runChanged(row)
  }
  const stop = new AbortController()
  const publishing = publisher.publish(stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await publishing
  })
  const second = () => statuses.filter((line) => line.startsWith('coop/second'))
  await expect.poll(second, { timeout: 30_000 }).toEqual(['coop/second queued behind 1'])
  const [first] = await store.queue(1)
  await store.cancel(first?.row.request.id ?? '', 'enough', clock.now())
  ahead = 61_000
  await expect.poll(second, { timeout: 30_000 }).toEqual(['coop/second queued behind 1', 'coop/second queued, next'])
})
