import { expect, test } from 'cc-ci/test'
import { RUN } from '../a-run.ts'
import { workers } from '../api.ts'

test('the new server knows the worker that the old one let in', async ({ app, op }) => {
  expect(op.after?.version).not.toBe(op.before?.version)
  expect(await workers(app)).toEqual(['kept'])
})

test('a start reads the runs in the state folder', async ({ request, page }) => {
  const answer = await request.get(`/api/v1/runs/${RUN}`)
  expect(answer.status()).toBe(200)
  await page.goto(`/runs/${RUN}`)
  await expect(page.getByText('coop/seeded').first()).toBeVisible()
})
