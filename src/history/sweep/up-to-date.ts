import { formatSize } from '../../lib/text/size.ts'
import { areEquivalent } from '../compare/evidence-schemas.ts'
import { RUN_MEMORY } from '../environment.ts'
import type { RunSummary } from '../run-summary.ts'

/** What a run would meet now. */
export interface CurrentWorld {
  readonly tool: { readonly version: string; readonly commit: string | null }
  readonly evidenceSchema: number
  /** By name, as `environment.ts` tells them; null: not known, and then no earlier run speaks for anything. */
  readonly environment: Readonly<Record<string, string>> | null
  /** Why images of this run are others now; null: as far as is known they are the same. */
  movedImage(run: RunSummary): string | null
  /** Whether the operator's settings for a recipe have changed since (ISO 8601). */
  settingsChanged(recipe: string, since: string): boolean
  /** The facts of a run's environment, by the same names. */
  factsOf(run: RunSummary): Readonly<Record<string, string>>
}

export interface CellQuery {
  readonly recipe: string
  readonly recordedName: string
  readonly commit: string
  /** Null: the release itself. */
  readonly head: string | null
  /** The newest release of the recipe, from which a head is upgraded. */
  readonly release: string | null
  /** What it is given. */
  readonly memoryBytes: number
}

/** Of one recipe at one commit, newest first. */
export type RunsOf = (recordedName: string, commit: string) => readonly RunSummary[]

/** By recipe and commit, for many questions. */
export function runsByCommit(runs: readonly RunSummary[]): RunsOf {
  const found = new Map<string, RunSummary[]>()
  for (const run of runs) {
    const key = `${run.recipe.name} ${run.recipe.commit}`
    const known = found.get(key)
    if (known) known.push(run)
    else found.set(key, [run])
  }
  return (recordedName, commit) => found.get(`${recordedName} ${commit}`) ?? []
}

/**
 * The newest whole run that would be made again just the same: same commit, base, cc-ci, environment, images, settings and meaning of
 * outcomes, with all tiers and a verdict. `why`: what kept the newest one from being it; null where there is none at all.
 */
export function upToDate(
  cell: CellQuery,
  runsOf: RunsOf,
  now: CurrentWorld,
): { readonly run: RunSummary } | { readonly run: null; readonly why: string | null } {
  const [newest] = runsOf(cell.recordedName, cell.commit).filter(({ recipe }) => !recipe.dirty)
  if (!newest) return { run: null, why: null }
  const why = staleReason(cell, newest, now)
  return why === null ? { run: newest } : { run: null, why }
}

function staleReason(cell: CellQuery, run: RunSummary, now: CurrentWorld): string | null {
  const { tool, environment } = now
  if (!run.whole) return 'it was stopped'
  if (run.verdict === 'unverified') return 'it was not judged'
  if (run.tiers.some(({ status }) => status === 'not-judged')) return 'it left tiers out'
  if (!areEquivalent(run.evidenceSchema, now.evidenceSchema)) return 'its outcomes mean something else'
  if (run.tool.version !== tool.version || run.tool.commit !== tool.commit) return 'cc-ci is another'
  if (environment === null) return 'the environment is not known'
  const facts = now.factsOf(run)
  const { [RUN_MEMORY]: _, ...machine } = environment
  const there = { ...machine, ...memoryFact(cell, facts) }
  const moved = [...new Set([...Object.keys(facts), ...Object.keys(there)])].find((name) => facts[name] !== there[name])
  if (moved !== undefined) return `${moved} is another`
  if (cell.head !== null && cell.release !== null && run.base?.version !== cell.release)
    return 'its base may be another'
  if (now.settingsChanged(cell.recipe, run.startedAt)) return 'settings have changed'
  return now.movedImage(run)
}

/** Runs of before were not told how much memory they had, and nothing bounded it. */
function memoryFact({ memoryBytes }: CellQuery, facts: Readonly<Record<string, string>>): Record<string, string> {
  return facts[RUN_MEMORY] === undefined ? {} : { [RUN_MEMORY]: formatSize(memoryBytes) }
}
