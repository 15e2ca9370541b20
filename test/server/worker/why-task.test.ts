import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type AttributionRecord, attributionFolder } from '../../../src/history/attribution/record.ts'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import type { Assignment } from '../../../src/server/contract/protocol.ts'
import { readRunAttribution } from '../../../src/server/memory/run-attribution.ts'
import { type Child, childEnv, startChild } from '../../../src/server/worker/child.ts'
import { clearAttributions, whyTask } from '../../../src/server/worker/why-task.ts'
import { builds } from '../../cli/played-builds.ts'
import { commit, git, repository } from '../../recipe/throwaway.ts'
import { requestFor } from '../support/scene.ts'

const PLAYED = new URL('./played-run.ts', import.meta.url).pathname

/** An attribution whose base passes and whose head does not, on a worker whose builds are played. */
async function stage() {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-why-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const tool = await builds('well')
  const recipe = await repository()
  const [old, head] = [await commit(recipe, 'good', { behave: 'good' }), await commit(recipe, 'bad', { behave: 'bad' })]
  const state = join(dir, 'state')
  const baseline = newRunId(Date.now())
  const why = { run: baseline, old, baseline, only: ['lint' as const, 'install' as const], runDeadlineMs: 600_000 }
  const request = requestFor({ commit: head, why, deadlineMs: 4 * 600_000 })
  const origin = 'https://git.example.org/coop/played'
  const assignment: Assignment = {
    ...{ request, attempt: 1, token: '0'.repeat(32), leaseMs: 30_000, origin, approvedCommits: [], approvedTrees: [] },
    folder: request.id,
  }
  const ccCi = [process.execPath, '--disable-warning=ExperimentalWarning', PLAYED, tool.dir]
  const own = join(state, 'why', request.id)
  const record = (): AttributionRecord | null => {
    const { record: file } = attributionFolder(own, request.id)
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null
  }
  /** A worker's attempt: its own clone, gone with it. */
  const attempt = async () => {
    const workspace = await mkdtemp(join(dir, 'workspace-'))
    const checkout = join(workspace, 'played')
    await git(workspace, 'clone', '--quiet', recipe, checkout)
    const task = whyTask({ assignment, why, ccCi, state, workspace })
    const child = await startChild(await task.argv(checkout), {
      ...{ cwd: checkout, env: childEnv(), outputBytes: 1e6, onFlood: () => undefined },
    })
    return { task, child, leave: () => rm(workspace, { recursive: true }) }
  }
  return { dir, state, own, request, ccCi, record, attempt }
}

async function until(name: string, child: Child, look: () => boolean): Promise<void> {
  let ended: string | null = null
  void child.exited.then(() => (ended = child.output.text(2000)))
  const seen = async () => {
    if (look()) return { state: 'ready', value: null } as const
    if (ended !== null) return { state: 'impossible', cause: ended } as const
    return { state: 'waiting', reason: 'not yet' } as const
  }
  const result = await waitFor<null, string>(seen, { name, timeoutMs: 240_000, everyMs: 20 })
  if (result.state !== 'ready') throw new Error(`never came: ${name}: ${ended}`)
}

test('an attribution is killed, then stopped, continues each time from where it was, and leaves its answer alone', async () => {
  const { state, own, request, ccCi, record, attempt } = await stage()
  const made = () => record()?.runs ?? []

  const killed = await attempt()
  await until('two runs', killed.child, () => made().length >= 2 && record()?.current !== null)
  killed.child.signal('SIGKILL')
  await killed.child.exited
  expect(await killed.task.verifyTeardown()).toBe('clean')
  await killed.leave()
  const kept = made()
  expect(kept.length).toBeGreaterThanOrEqual(2)

  const stopped = await attempt()
  await until('one more run', stopped.child, () => made().length > kept.length && record()?.current !== null)
  stopped.child.signal('SIGTERM')
  expect(await stopped.child.exited, stopped.child.output.text(2000)).toBe(143)
  expect(await stopped.task.verifyTeardown()).toBe('clean')
  await stopped.leave()
  expect(made().slice(0, kept.length)).toEqual(kept)

  // A worker that starts meanwhile finds nothing of it on the engine, and leaves it to who continues.
  await clearAttributions({ ccCi, state }, Date.now())
  expect(existsSync(own)).toBe(true)

  const last = await attempt()
  expect(await last.child.exited, last.child.output.text(2000)).toBe(0)
  expect(await last.task.verifyTeardown()).toBe('clean')
  const runs = made()
  expect(runs.slice(0, kept.length)).toEqual(kept)
  await last.task.collectFiles()
  await last.task.discard()
  expect(existsSync(own)).toBe(false)
  const { dir } = runFolder(state, request.id)
  const answer = readRunAttribution(dir)
  expect(answer?.decision).toMatchObject({ verdict: 'recipe', tier: 'install' })
  expect(answer?.flags).toEqual([
    '--origin',
    'https://git.example.org/coop/played',
    '--deadline',
    '600s',
    '--only',
    'lint,install',
  ])
  expect(answer?.bounds.deadlineMs).toBe(3 * 600_000)
  for (const file of ['attribution.json', 'report.html'])
    expect(readFileSync(join(dir, file), 'utf8')).not.toContain(tmpdir())
  expect(readdirSync(join(dir, 'artifacts', 'cells')).sort()).toEqual(runs.map(({ run }) => `${run}.json`).sort())
})

test('one that nobody has continued with for long is forgotten when a worker starts', async () => {
  const { state, own, ccCi, attempt } = await stage()
  const { child, task } = await attempt()
  await until('a beginning', child, () => existsSync(own))
  child.signal('SIGKILL')
  await child.exited
  expect(['clean', 'none']).toContain(await task.verifyTeardown())
  await clearAttributions({ ccCi, state }, Date.now() + 8 * 24 * 3_600_000)
  expect(existsSync(own)).toBe(false)
})
