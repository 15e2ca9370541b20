import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { Masker } from '../../../src/lib/masking/mask.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import { addPages } from '../../../src/server/http/pages/routes.ts'
import { runText } from '../../../src/server/publishing/comment.ts'
import { statusOf } from '../../../src/server/publishing/status.ts'
import { outcomeOf } from '../../../src/server/runs/outcome.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { flakyResults, keep, results } from '../../history/some-runs.ts'
import { ends } from '../../verdict/two-attempts.ts'
import { endRun, openScene, requestFor } from '../support/scene.ts'

const NO_PROGRESS = { place: null, progress: null }
/** The second attempt passed. */
const byChance = (id: string): Results => flakyResults({ id }, { upgrade: ends('upgrade', 'not-converged') })

/** A server that knows two clean runs, and one that ended like this. */
async function answered(made: (id: string) => Results) {
  const scene = await openScene()
  const { state } = scene.settings
  const request = requestFor()
  const { id } = request
  for (const other of ['20261101-101500-aaaaaa', '20261102-101500-aaaaaa'])
    keep(state, results({ id: other, startedAt: new Date(Date.now() - 86_400_000).toISOString() }))
  await scene.store.add(request)
  const mine = { ...made(id), run: { ...made(id).run, id } }
  keep(state, mine)
  const ending = {
    ...{ id, attempt: 1, runId: id, folder: runFolder(state, id), cancelReason: null, now: Date.now() },
    body: { ended: 'itself', exitCode: 0, words: '', teardown: 'clean' } as never,
  }
  const row = await endRun(scene, mine, await outcomeOf(ending))
  const progress = { published: async () => null }
  const { store, settings, memory } = scene.parts
  const parts = { store, settings, memory, masker: new Masker(), progress }
  const app = new Hono()
  const viewer = () => ({ operator: null, csrf: '' })
  const services = {
    ...scene.parts,
    operations: null as never,
    sweeps: null as never,
    retention: { seen: () => ({ disk: null, trouble: null }) },
  }
  addPages(app, services, { viewer, sender: () => null })
  const page = await (await app.request(`/runs/${id}`)).text()
  return { comment: await runText(parts, row, Date.now()), status: statusOf(row, NO_PROGRESS).description, page }
}

test('a pass by chance says so with its rate: in the comment, on the page, and in the status that a merge looks at', async () => {
  const { comment, status, page } = await answered(byChance)
  const rate = 'upgrade passed on the second attempt; 1 of 3 runs of this tier in the last 28 d&#58; 33 %'
  expect(comment).toContain(rate)
  expect(comment).toMatch(/^### ✓ pass, level 6 \(resilience\), flaky: upgrade not-converged at first/)
  expect(page).toContain(rate.replace('&#58;', ':'))
  expect(page).toContain('flaky: upgrade not-converged at first')
  expect(status).toBe('pass, level 6, flaky: upgrade not-converged at first')
})

test('of a pass at the first attempt nothing of this is said', async () => {
  const { comment, status, page } = await answered((id) => results({ id }))
  for (const text of [comment, page, status]) expect(text).not.toMatch(/second attempt|flaky/)
  expect(status).toBe('pass, level 6')
})
