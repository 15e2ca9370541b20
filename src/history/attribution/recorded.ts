import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import type { ToolIdentity } from '../../lib/version.ts'
import { listRuns, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import type { RecordedResult } from './contract.ts'
import { type ImportedResult, importedResultShape } from './record.ts'
import { comparedResults, conditionsOf, drawsOf } from './signature.ts'

/** Newest runs of a state folder that are asked. */
const RUNS_ASKED = 500

export interface RecordedRun extends RecordedResult {
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

/** What a run's results say as a recorded old result, for an attribution that is made elsewhere; null where they cannot be compared. */
export function exportResult(file: string): ImportedResult | null {
  const results = readResults(file)
  if (!results?.run.complete || results.run.interrupted !== null || results.recipe.dirty) return null
  const { run, tool } = results
  const { id, finishedAt } = run
  return {
    ...{ run: id, finishedAt, tiers: drawsOf(results), conditions: conditionsOf(results) },
    tool: { version: tool.version ?? '', commit: tool.commit },
  }
}

/** Reads what `exportResult` gave; null where another build made it: then it says nothing of drift. Throws UsageError `recorded-damaged`. */
export function readImported(file: string, own: Pick<ToolIdentity, 'version' | 'commit'>): RecordedRun | null {
  try {
    const { tool, ...recorded } = importedResultShape.parse(JSON.parse(readFileSync(file, 'utf8')))
    return tool.version === own.version && tool.commit === own.commit ? recorded : null
  } catch (error) {
    throw new UsageError('recorded-damaged', 'no recorded result of an earlier run', {
      ...{ where: { file }, cause: error },
      hint: 'Leave --recorded out: then drift cannot be told.',
    })
  }
}

function readResults(file: string) {
  try {
    return comparedResults.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // Half-written, or of another schema: nothing that could be compared.
    return null
  }
}
