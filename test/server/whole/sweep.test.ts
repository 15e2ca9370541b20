import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import type { Matrix } from '../../../src/history/sweep/record.ts'
import { startGitea } from '../support/gitea.ts'
import { openPull } from '../support/pull.ts'
import { pushRecipe, startServer } from '../support/server.ts'

const RECIPE = 'coop/no-volumes'

interface Seen {
  readonly state: string
  readonly done: number
  readonly matrix: Matrix | null
}

test('a sweep of an organisation judges release and pull request, continues after a kill, and tells the pull request nothing', async () => {
  const until = <T extends AsyncDisposable>(part: T): T => {
    onTestFinished(() => part[Symbol.asyncDispose]())
    return part
  }
  const gitea = until(await startGitea())
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-swept-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await pushRecipe(gitea, RECIPE, (await buildRecipe('no-volumes', join(dir, 'no-volumes'))).dir)
  const pull = await openPull(gitea, RECIPE, 'swept')
  const server = until(await startServer({ gitea, env: { CC_CI_WORKER_MEMORY: '2G' } }))
  await server.api('POST', '/enrolments', { name: 'coop' })
  const { id } = await server.api<{ id: string }>('POST', '/sweeps', {})
  const seen = () => server.api<Seen>('GET', `/sweeps/${id}`)
  await server.until('the sweep to be planned', async () => (await seen()).state === 'running', 300_000)
  server.kill('SIGKILL')
  await server.ended()
  await server.start()
  await server.until('the sweep to be over', async () => (await seen()).state === 'over', 1_000_000)
  const { matrix } = await seen()
  const mine = matrix?.cells.filter(({ recipe }) => recipe === RECIPE)
  expect(mine?.map(({ key, commit, status }) => [key, commit, status])).toEqual([
    [`${RECIPE}@release`, expect.stringMatching(/^[0-9a-f]{40}$/), 'pass'],
    [`${RECIPE}@#${pull.number}`, pull.commit, 'pass'],
  ])
  expect(await pull.ours()).toEqual([])
  expect(await pull.statuses()).toEqual([])
  const page = await (await fetch(`${server.url}/sweeps/${id}`)).text()
  const links = [...page.matchAll(/href="(\/runs\/[^"]+)"/g)].map(([, path]) => path)
  // A run that the kill cut was repeated: its results lie in the folder of the second attempt.
  const shown = await Promise.all(
    links.map(
      async (path) =>
        (await (await fetch(`${server.url}${path}/files/results.json`)).json()) as { run: { id: string } },
    ),
  )
  expect(shown.map(({ run }) => run.id)).toEqual(mine?.map(({ run }) => run))
}, 1_400_000)
