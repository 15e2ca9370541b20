import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import type { AttributionRecord } from '../../../src/history/attribution/record.ts'
import { thingsOnEngine } from '../../cli/started.ts'
import { startGitea } from '../support/gitea.ts'
import { addWebhook, TestPull } from '../support/pull.ts'
import { pushRecipe, startServer } from '../support/server.ts'

const RECIPE = 'coop/healthy'
/** Each wait ends at what is waited for; this is for a machine that has much else to do. */
const LONG_MS = 1_200_000

test('a red pull request of a green base is answered by real runs of both, and nothing of them is left', async () => {
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-why-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const built = await buildRecipe('healthy', join(dir, 'healthy'))
  await pushRecipe(gitea, RECIPE, built.dir)
  const server = await startServer({ gitea })
  onTestFinished(() => server[Symbol.asyncDispose]())
  await server.api('POST', '/enrolments', { name: RECIPE })
  await addWebhook(gitea, RECIPE, server)

  // A program that is not there: the change ends as soon as it has begun, whenever it is deployed.
  const compose = readFileSync(join(built.dir, 'compose.yml'), 'utf8')
  const files = { 'compose.yml': compose.replace('- /serve.sh\n', '- /nowhere.sh\n') }
  const as = gitea.people.member
  await gitea.push({ as, repository: RECIPE, branch: 'change', from: 'main', files })
  const pull = new TestPull(gitea, RECIPE, await gitea.openPull({ as, repository: RECIPE, head: 'change' }))
  const comment = async () => (await pull.ours()).map(({ body }) => body).join('\n')
  const base = await server.api<{ id: string }>('POST', '/runs', {
    ...{ repository: RECIPE, ref: 'main', base: 'none', quick: true },
  })
  await pull.say('!testme --quick --base none')
  await server.until('the offer', async () => (await comment()).includes('Comment `!testme --why`'), LONG_MS)
  expect(await comment()).toMatch(/\| install \| \*\*regression\*\* \| pass \| fail /)

  await pull.say('!testme --why')
  await server.until('the answer', async () => /Why is it red\? \w+/.test(await comment()), LONG_MS)
  expect(await comment()).toMatch(
    /Why is it red\? recipe \(install\)\.[^\n]*\n\n- the base: pass ×5\n- this change: fail /,
  )
  const [asked] = await pull.runs(server)
  const id = asked?.request.id ?? ''
  expect(asked?.outcome).toMatchObject({ verdict: null, teardown: 'clean' })
  const folder = join(server.state, 'runs', id)
  const record = JSON.parse(readFileSync(join(folder, 'attribution.json'), 'utf8')) as AttributionRecord
  // This build as it lies here, and what it once said of the base: nothing has moved.
  expect(record).toMatchObject({ tool: { old: null, new: null }, recorded: { run: base.id } })
  expect(record.decision?.tiers).toContainEqual(expect.objectContaining({ tier: 'install', recorded: 'same' }))
  expect(readdirSync(join(folder, 'artifacts', 'cells'))).toHaveLength(record.runs.length)
  // The worker removes it when the server has everything, which is when the answer is written.
  await server.until('the folder to go', async () => !existsSync(join(server.state, 'why', id)), LONG_MS)
  const made = [base.id, id, ...record.runs.map(({ run }) => run)].map((run) => run.slice(-6))
  expect((await thingsOnEngine()).filter((thing) => made.some((run) => thing.includes(run)))).toEqual([])
}, 3_600_000)
