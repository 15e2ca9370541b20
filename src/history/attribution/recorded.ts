import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listRuns, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import type { Recorded } from './contract.ts'
import { comparedResults, conditionsOf, drawsOf } from './signature.ts'

/** Newest runs of a state folder that are asked. */
const RUNS_ASKED = 500

export interface RecordedRun extends Recorded {
  readonly run: string
  readonly finishedAt: string
}

/**
 * The last run of this build on this commit that any state folder here remembers: that of the person, and those of the builds that attributions
 * have pinned. Null without one.
 */
export function lastRecorded(stateDir: string, tool: string | null, ref: string): RecordedRun | null {
  if (tool === null) return null
  const found = [stateDir, join(stateDir, 'ab', 'tools', tool, 'state')].flatMap((state) => newestOf(state, tool, ref))
  return found.sort((a, b) => (a.run < b.run ? 1 : -1))[0] ?? null
}

function newestOf(state: string, tool: string, ref: string): RecordedRun[] {
  for (const id of listRuns(state).slice(0, RUNS_ASKED)) {
    const folder = runFolder(state, id)
    if (readRecord(folder)?.app?.commit !== ref) continue
    const results = readResults(folder.results)
    if (results?.tool.commit !== tool || results.recipe.commit !== ref || results.recipe.dirty) continue
    if (!results.run.complete || results.run.interrupted !== null) continue
    return [{ run: id, finishedAt: results.run.finishedAt, tiers: drawsOf(results), conditions: conditionsOf(results) }]
  }
  return []
}

function readResults(file: string) {
  try {
    return comparedResults.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // Half-written, or of another schema: nothing that could be compared.
    return null
  }
}
