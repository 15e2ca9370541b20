import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { weekOf } from '../../../src/history/weekly/week.ts'
import { newRunId, timeOfRunId } from '../../../src/lib/ids.ts'
import { Masker } from '../../../src/lib/masking/mask.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { addPages, type PageServices } from '../../../src/server/http/pages/routes.ts'
import { createBaseMemory } from '../../../src/server/memory/against-base.ts'
import { openStore } from '../../../src/server/storage/open.ts'
import { createSweeps } from '../../../src/server/sweep/sweeps.ts'
import { results } from '../../history/some-runs.ts'
import { failedResults, passedResults } from '../../report/sample-runs.ts'
import { commentOf, enrolment } from '../storage/bench.ts'
import { endRun, openScene, requestFor } from '../support/scene.ts'
import { crawl } from './crawl.ts'

const NOW = Date.now()

function appOf(services: PageServices): Hono {
  const app = new Hono()
  addPages(app, services, { viewer: () => ({ operator: 'ann', csrf: 'one' }), sender: () => null })
  return app
}

test('every page is the same after the database was deleted and made again from the files', async () => {
  const scene = await openScene()
  const { store, settings, parts } = scene
  await store.enroll(enrolment('coop/hello', { allow: ['ann'] }))
  await store.enroll(enrolment('Other'))
  for (const [number, made] of [passedResults(), failedResults(), null, passedResults()].entries()) {
    await store.add(requestFor({ repository: `coop/r${number}`, pull: null }))
    const lost = { state: 'error', verdict: null, cause: 'engine-lost', message: 'three workers were lost' } as const
    await endRun(scene, made, made ? {} : lost)
  }
  // Three weeks ago: in a week that is over, and has a report.
  const old = newRunId(NOW - 21 * 86_400_000)
  await store.add(requestFor({ id: old, repository: 'coop/old', pull: null }))
  await endRun(scene, results({ id: old }))
  const asked = requestFor({ commit: 'b'.repeat(40) })
  await store.decide(commentOf(asked), asked)
  await store.add(requestFor({ repository: 'coop/cancelled', pull: null, at: new Date(NOW - 60_000).toISOString() }))
  const forge = giteaForge({ baseUrl: 'http://127.0.0.1:9', token: settings.forgeToken })
  const sweeps = (own: Pick<PageServices, 'settings' | 'store'>) =>
    createSweeps({ ...parts, ...own, forge, largestWorker: async () => null })
  await sweeps({ settings, store }).order({ by: 'ann', mode: 'all', only: null })
  const services = {
    ...{ settings, operations: { approvals: () => [], webhooks: async () => new Map() } as never },
    clock: { ...parts.clock, now: () => NOW },
    retention: { seen: () => ({ disk: null, trouble: null }) },
  }
  const before = await crawl(appOf({ ...services, store, memory: parts.memory, sweeps: sweeps({ settings, store }) }))
  expect([...before.values()].filter(({ status }) => status !== 200)).toEqual([])
  expect(before.size).toBeGreaterThan(9)
  expect([...before.keys()]).toContain(`/reports/${weekOf(timeOfRunId(old)).id}`)
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-anew-'))
  cpSync(settings.state, state, {
    recursive: true,
    filter: (file) => file !== join(settings.state, 'server', 'database'),
  })
  const again = await openStore({ state, databaseUrl: null })
  onTestFinished(async () => {
    await again.close()
    rmSync(state, { recursive: true })
  })
  const moved = { settings: { ...settings, state }, store: again }
  const memory = createBaseMemory({ state, clock: parts.clock, masker: new Masker() })
  const after = await crawl(appOf({ ...services, ...moved, memory, sweeps: sweeps(moved) }))
  const texts = (pages: typeof before) => Object.fromEntries([...pages].map(([path, { text }]) => [path, text]))
  expect(texts(after)).toEqual(texts(before))
})
