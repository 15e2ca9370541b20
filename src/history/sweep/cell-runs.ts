import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { isUrl } from '../../recipe/repository/url.ts'
import { lostNode } from '../../verdict/lost-node.ts'
import { parseResults } from '../../verdict/results.ts'
import { clearLeftOver } from '../attribution/left-over.ts'
import { launcherOf, type ToolBuild, toolEnv } from '../attribution/tool-build.ts'
import { type RunSummary, summaryOf } from '../run-summary.ts'
import { printedError, superviseRun } from '../supervised.ts'
import type { PlannedCell, SweepFolder, SweepPlan } from './record.ts'
import type { CellEnd, CellRunner } from './running.ts'

/** Runs cells as a person would: `cc-ci test` with default settings, a process each, in the state folder of the sweep. */
export function localRunner({
  build,
  folder,
  plan,
}: {
  readonly build: ToolBuild
  readonly folder: SweepFolder
  readonly plan: SweepPlan
}): CellRunner {
  return {
    async run(cell, run, signal) {
      const { exitCode, stdout, stderr } = await superviseRun(
        launcherOf(build),
        argumentsOf(cell, run),
        { ...toolEnv(build), CC_CI_RUN_MEMORY: `${Math.ceil(cell.memoryBytes / 1024)}K` },
        signal,
      )
      signal.throwIfAborted()
      return endOf({ exitCode, stdout, stderr }, cell, summaryOrWhy(build.state, run))
    },
    async settle(run, signal) {
      await clearLeftOver(build, run, signal)
      const found = summaryOrWhy(build.state, run)
      return 'summary' in found && found.summary.whole
    },
  }

  function argumentsOf(cell: PlannedCell, run: string): string[] {
    const origin = cell.origin === null ? [] : ['--origin', cell.origin]
    return [
      ...['test', recipeDir(folder, cell), '--ref', cell.commit ?? '', '--run-id', run, '--supervised'],
      ...['--state', build.state, '--json', '-', ...origin, ...plan.flags],
    ]
  }
}

/** Where the commits of a recipe lie: where it was named, or in its clone. */
export function recipeDir(
  { recipes }: SweepFolder,
  { source, recipe }: Pick<PlannedCell, 'source' | 'recipe'>,
): string {
  return isUrl(source) ? join(recipes, recipe) : source
}

type Found = { readonly summary: RunSummary } | { readonly why: string }

function summaryOrWhy(state: string, run: string): Found {
  const file = runFolder(state, run).results
  if (!existsSync(file)) return { why: 'it left no results' }
  try {
    return { summary: summaryOf(parseResults(JSON.parse(readFileSync(file, 'utf8')), file)) }
  } catch {
    return { why: 'its results cannot be read' }
  }
}

/** Results of another commit than the one that was asked for would be evidence for the wrong cell. */
function endOf(
  { exitCode, stdout, stderr }: { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string },
  { commit }: PlannedCell,
  found: Found,
): CellEnd {
  if ('summary' in found) {
    const { commit: judged, dirty } = found.summary.recipe
    if (judged === commit && !dirty) return { exitCode, refused: null, lostNode: lostNode(found.summary) }
    return refused(exitCode, 'wrong-commit', 'ci', `it judged ${judged}, not ${commit}`)
  }
  const printed = printedError(stdout)
  // Its first line says what; the next ones say what to do, which `cc-ci plan` does as well.
  if (printed) return refused(exitCode, printed.code, printed.blame, printed.message.split('\n')[0] ?? '')
  const words = stderr.trim().split('\n').slice(-3).join('\n')
  return refused(exitCode, 'no-results', 'ci', words === '' ? found.why : `${found.why}: ${words}`)
}

function refused(exitCode: number | null, code: string, blame: string, message: string): CellEnd {
  return { exitCode, refused: { code, blame, message: message.slice(0, 1000) }, lostNode: null }
}
