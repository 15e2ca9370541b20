import { expect, test } from 'cc-ci/test'
import { RUN } from '../a-run.ts'
import { workers } from '../api.ts'

test('the worker is let in again without a restart', async ({ app }) => {
  expect(await workers(app)).toEqual(['kept'])
})

test('the files of the run are back, and the index was left out', async ({ app }) => {
  const { stdout } = await app.exec('app', ['ls', `/var/lib/cc-ci/runs/${RUN}`])
  expect(stdout.trim().split('\n')).toEqual(['outcome.json', 'request.json'])
})
