import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRunIndex } from '../../../src/history/run-index.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import type { RunOutcome, RunRequest } from '../../../src/server/contract/request.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { type LongHistory, type LongHistorySize, writeLongHistory } from '../../history/long-history.ts'
import { writeLongSweep } from '../../history/sweep/long-sweep.ts'

const PULL = { number: 1, headRef: 'change', baseRef: 'main', comment: null, author: null }

/** A server's state folder with ended runs of the organisation `coop`, which is enrolled, and one sweep of all their recipes. */
export async function seedState(state: string, size: LongHistorySize): Promise<LongHistory> {
  const history = writeLongHistory(state, { ...size, each: (results) => writeServerRun(state, results) })
  await writeLongSweep(state, readRunIndex(state).runs, size)
  const enrolments = join(state, 'server', 'enrolments')
  mkdirSync(enrolments, { recursive: true })
  const enrolment = { name: 'coop', at: '2026-11-01T00:00:00Z', by: 'member', allow: [], memoryBytes: null, webhook: 1 }
  writeFileSync(join(enrolments, 'coop.json'), JSON.stringify(enrolment))
  return history
}

/** Beside the results of a run what a server keeps of it: the request, the claim and the outcome. */
function writeServerRun(state: string, { run, recipe, verdict, level }: Results): void {
  const request: RunRequest = {
    schema: 1,
    id: run.id,
    attemptOf: null,
    at: run.startedAt,
    priority: 'sweep',
    // Each is compared with the newest run before it, as that of a pull request is with its base.
    pull: { ...PULL, target: { tip: recipe.commit, fork: recipe.commit } },
    repository: `coop/${recipe.name}`,
    commit: recipe.commit,
    base: 'auto',
    quick: false,
    memoryBytes: 1024 ** 3,
    deadlineMs: 3_600_000,
  }
  const outcome: RunOutcome = {
    schema: 1,
    id: run.id,
    state: 'done',
    verdict,
    level,
    cause: null,
    tier: null,
    message: 'it ended',
    finishedAt: run.finishedAt,
    folder: run.id,
    attempts: 1,
    teardown: 'clean',
  }
  const { dir } = runFolder(state, run.id)
  const claimed = { schema: 1, attempt: 1, at: run.startedAt, worker: 'one', harness: '0' }
  for (const [name, document] of Object.entries({ request, outcome, claimed }))
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(document))
}
