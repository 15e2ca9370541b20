import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { clearLeftOver } from '../../history/attribution/left-over.ts'
import { type AttributionRecord, attributionFolder, readAttribution } from '../../history/attribution/record.ts'
import { writeJson } from '../../lib/files/atomic-file.ts'
import { isRunId } from '../../lib/ids.ts'
import { readLifeSign } from '../../lib/process/life-sign.ts'
import { listRuns, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import { attributionPage } from '../../report/attribution/page.ts'
import type { RunOutcome, Why } from '../contract/request.ts'
import { ATTRIBUTION } from '../memory/run-attribution.ts'
import { isApproved, type Task, type TaskOptions } from './task.ts'
import { type CommandOptions, runGarbageCollection } from './workspace.ts'

/** An attribution that another attempt may continue with is kept so long. */
const KEPT_MS = 7 * 24 * 3_600_000

/**
 * An attribution of a pull request: `cc-ci ab` from the base to the head, by this very build. It has a state folder of its own, named after the request, so
 * that a second attempt on this machine continues where the first one was killed; one on another machine starts over.
 */
export function whyTask({ assignment, why, ccCi, state, workspace }: TaskOptions & { readonly why: Why }): Task {
  const { request, origin, recorded } = assignment
  const own = stateOf(state, request.id)
  return {
    async argv(checkout) {
      // One switch is for all runs of an attribution: code that nobody approved is run at neither end.
      const ends = [why.old, request.commit]
      const approved = (await Promise.all(ends.map((commit) => isApproved(assignment, checkout, commit)))).every(
        Boolean,
      )
      const brought = join(workspace, 'recorded.json')
      if (recorded) await writeJson(brought, recorded)
      return [
        ...[...ccCi, 'ab', checkout, '--as-is', '--supervised', '--state', own, '--id', request.id],
        ...['--ref', `${why.old}..${request.commit}`, '--origin', origin, `--base=${request.base}`],
        ...['--only', why.only.join(','), '--run-deadline', seconds(why.runDeadlineMs)],
        // The last run may take its whole time, and the answer still comes within ours.
        ...['--deadline', seconds(request.deadlineMs - why.runDeadlineMs)],
        ...(recorded ? ['--recorded', brought] : []),
        ...(approved ? ['--approve-code'] : []),
      ]
    },
    verifyTeardown: () => verifyTeardownOfCells({ ccCi, state: own }, request.id),
    // Its runs end as they end: what is not comparable is said by the attribution.
    lostNode: async () => null,
    collectFiles: () =>
      collectRecord(attributionFolder(own, request.id).record, runFolder(state, assignment.folder).dir, origin),
    discard: () => rm(own, { recursive: true, force: true, maxRetries: 3 }),
  }
}

function stateOf(state: string, request: string): string {
  return join(state, 'why', request)
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1000))}s`
}

/** What became of what the runs of an attribution had made. The one that continued at its end is let end, or taken down. */
async function verifyTeardownOfCells({ ccCi, state }: CommandOptions, id: string): Promise<RunOutcome['teardown']> {
  const folder = attributionFolder(state, id)
  if (!existsSync(folder.record)) return 'none'
  const { current, runs } = readAttribution(folder)
  if (current) {
    const build = current.checkout === null ? null : { commit: null, checkout: current.checkout, state: current.state }
    const cleared = build
      ? clearLeftOver(build, current.run, new AbortController().signal)
      : runGarbageCollection({ ccCi, state: current.state })
    const left = await cleared.then(() => null).catch((error: unknown) => error)
    if (left !== null) return 'left'
  }
  const states = new Set([...runs.map((run) => run.state), ...(current ? [current.state] : [])])
  const records = [...states].flatMap((at) => listRuns(at).map((run) => readRecord(runFolder(at, run))))
  return records.every((record) => record === null || record.status === 'ended') ? 'clean' : 'left'
}

/** The record, without paths of this machine, its page, and the results of each run that it is made of. */
async function collectRecord(file: string, dir: string, origin: string): Promise<void> {
  if (!existsSync(file)) return
  const record = readAttribution({ record: file })
  const cells = join(dir, 'artifacts', 'cells')
  await mkdir(cells, { recursive: true, mode: 0o700 })
  for (const { run, state } of record.runs) {
    const { results } = runFolder(state, run)
    if (existsSync(results)) await copyFile(results, join(cells, `${run}.json`))
  }
  const report = withoutPaths(record, origin)
  await writeFile(
    join(dir, 'report.html'),
    attributionPage(report, () => null),
  )
  await writeJson(join(dir, ATTRIBUTION), report)
}

function withoutPaths(record: AttributionRecord, origin: string): AttributionRecord {
  const { recipe, tool, runs } = record
  return {
    ...record,
    recipe: { ...recipe, dir: recipe.name, origin },
    tool: { ...tool, repository: tool.repository === null ? null : 'cc-ci' },
    runs: runs.map((run) => ({ ...run, state: '' })),
    current: null,
  }
}

/** Takes down what runs of killed attributions left on the engine, and forgets those that nobody has continued with for long. */
export async function clearAttributions({ ccCi, state }: CommandOptions, now: number): Promise<void> {
  const ids = await readdir(join(state, 'why')).catch(() => [])
  for (const id of ids.filter(isRunId)) {
    const own = stateOf(state, id)
    if (readLifeSign(attributionFolder(own, id).alive) === true) continue
    const teardown = await verifyTeardownOfCells({ ccCi, state: own }, id)
    const old = now - (await stat(own)).mtimeMs > KEPT_MS
    if (teardown !== 'left' && old) await rm(own, { recursive: true, force: true, maxRetries: 3 })
  }
}
