import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import { type Balancer, startBalancer } from '../support/balancer.ts'
import { type Gitea, startGitea } from '../support/gitea.ts'
import { startPostgres } from '../support/postgres.ts'
import { addWebhook, openPull, type TestPull } from '../support/pull.ts'
import { pushRecipe, startServer, type TestServer } from '../support/server.ts'
import { TestWorker } from '../support/worker.ts'

const RECIPE = 'coop/healthy'

/** Two servers on one state folder and one PostgreSQL, a balancer in front, and one worker behind it. The forge tells both of comments. */
async function stage(): Promise<{
  gitea: Gitea
  balancer: Balancer
  one: TestServer
  two: TestServer
  worker: TestWorker
}> {
  const until = <T extends AsyncDisposable>(part: T): T => {
    onTestFinished(() => part[Symbol.asyncDispose]())
    return part
  }
  const postgres = await startPostgres()
  onTestFinished(() => postgres.close())
  const env = { DATABASE_URL: await postgres.database(), CC_CI_WORKER_MEMORY: '0', CC_CI_POLL: '2s' }
  const gitea = until(await startGitea())
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-several-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await pushRecipe(gitea, RECIPE, (await buildRecipe('healthy', join(dir, 'healthy'))).dir)
  const balancer = until(await startBalancer())
  const one = until(await startServer({ gitea, env, publicUrl: balancer.url }))
  const two = until(await startServer({ gitea, env, publicUrl: balancer.url, beside: one }))
  balancer.servers = [one.url, two.url]
  await two.api('POST', '/enrolments', { name: RECIPE })
  for (const server of [one, two]) await addWebhook(gitea, RECIPE, server)
  const worker = until(new TestWorker(one, 'one', { url: balancer.url }))
  await worker.register()
  await worker.start()
  return { gitea, balancer, one, two, worker }
}

/** What both servers and the forge show of a pull request with one run that has ended. */
async function oneRun(pull: TestPull, servers: readonly TestServer[]) {
  const [first, second] = await Promise.all(servers.map((server) => pull.runs(server)))
  expect(second).toEqual(first)
  expect(first).toHaveLength(1)
  expect(await pull.ours()).toHaveLength(1)
  const statuses = await pull.statuses()
  expect(statuses.filter((status, at) => status === statuses[at + 1])).toEqual([])
  return { run: first?.[0], status: statuses[0] }
}

test('two servers are one: a server dies in a run, a run is cancelled where it was not asked', async () => {
  const { gitea, balancer, one, two, worker } = await stage()

  // Both hear of one comment, by webhook and by polling; one is killed while the run continues.
  const pull = await openPull(gitea, RECIPE, 'killed')
  await pull.say('!testme --quick')
  // Killed between the claim and its answer, the run would rightly wait for the lease and have a second attempt.
  await two.until('the worker to have the run', async () => (await worker.words()).includes('claimed'))
  one.kill('SIGKILL')
  await one.ended()
  await two.until('the answer of the other', () => pull.isAnswered(two), 120_000)
  await one.start()
  const { run, status } = await oneRun(pull, [one, two])
  expect(run).toMatchObject({ state: 'done', attempt: 1, outcome: { verdict: 'pass', teardown: 'clean' } })
  expect(status).toMatch(/^success /)
  expect(balancer.counts.get(one.url)).toBeGreaterThan(5)

  // The worker speaks with one server only; the cancel is told to the other.
  balancer.servers = [one.url]
  const other = await openPull(gitea, RECIPE, 'cancelled')
  await other.say('!testme --quick')
  await one.until('the second run', async () => (await other.runs(one))[0]?.state === 'running')
  const [asked] = await other.runs(two)
  const at = Date.now()
  await two.api('POST', `/runs/${asked?.request.id}/cancel`)
  await one.until('the end', async () => (await other.runs(one))[0]?.state === 'cancelled', 5_000)
  process.stdout.write(`cancelled through the other server after ${Date.now() - at} ms\n`)
  await two.until('the answer', () => other.isAnswered(two))
  const teardown = async () => (await other.runs(two))[0]?.outcome?.teardown ?? 'unknown'
  await two.until('the teardown', async () => (await teardown()) !== 'unknown', 90_000)
  // The other server may have been about to tell an older state: whoever does looks again, and the end has the last word.
  await two.until('the status of the end', async () => (await other.statuses())[0]?.startsWith('error') === true)
  const cancelled = await oneRun(other, [one, two])
  expect(['clean', 'none']).toContain(cancelled.run?.outcome?.teardown)
  expect(cancelled.status).toMatch(/^error /)
})
