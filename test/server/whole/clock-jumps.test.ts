import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import { startGitea } from '../support/gitea.ts'
import { openPull } from '../support/pull.ts'
import { pushRecipe, startServer, type TestServer } from '../support/server.ts'
import { wallClock } from '../support/wall-clock.ts'
import { TestWorker } from '../support/worker.ts'

const RECIPE = 'coop/healthy'
const HOUR = 3600
/** A round of the reaper, and one of renewals. */
const ROUND_MS = 2_500

test('a clock that jumps an hour ahead and back takes no run from its worker, and none sticks', async () => {
  const until = <T extends AsyncDisposable>(part: T): T => {
    onTestFinished(() => part[Symbol.asyncDispose]())
    return part
  }
  const clock = until(await wallClock())
  const gitea = until(await startGitea())
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-clock-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await pushRecipe(gitea, RECIPE, (await buildRecipe('healthy', join(dir, 'healthy'))).dir)
  const server = until(await startServer({ gitea, env: { CC_CI_WORKER_MEMORY: '0', ...clock.env } }))
  await server.api('POST', '/enrolments', { name: RECIPE })
  const worker = until(new TestWorker(server, 'one', { env: clock.env }))
  await worker.register()
  await worker.start()

  const pull = await openPull(gitea, RECIPE, 'jumps')
  await pull.say('!testme --quick')
  await server.until('the run', async () => (await pull.runs(server))[0]?.state === 'running')
  for (const seconds of [HOUR, -HOUR, 0]) {
    // The worker holds its breath, so that the reaper surely looks before the lease is renewed by the new time.
    worker.kill('SIGSTOP')
    await clock.set(seconds)
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS))
    worker.kill('SIGCONT')
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS))
    expect(Math.abs((await aheadMs(server)) - seconds * 1000)).toBeLessThan(60_000)
  }
  await server.until('the answer', () => pull.isAnswered(server), 120_000)
  const runs = await pull.runs(server)
  expect(runs).toMatchObject([{ state: 'done', attempt: 1, outcome: { verdict: 'pass', teardown: 'clean' } }])
  expect(await pull.ours()).toHaveLength(1)
  const statuses = await pull.statuses()
  expect(statuses.filter((status, at) => status === statuses[at + 1])).toEqual([])
})

/** How much later the server says it is than it is. */
async function aheadMs(server: TestServer): Promise<number> {
  const { headers } = await fetch(`${server.url}/healthz`)
  return Date.parse(headers.get('date') ?? '') - Date.now()
}
