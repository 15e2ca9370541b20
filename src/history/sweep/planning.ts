import { formatSize } from '../../lib/text/size.ts'
import type { RunSummary } from '../run-summary.ts'
import { cellKey, REASONS, type ReasonCode, type SweepCandidate } from './contract.ts'
import { usualDurations } from './durations.ts'
import { excludedBy, exclusionNotes } from './exclusions.ts'
import type { Exclusion } from './list-file.ts'
import type { PlannedCell, SweepNote, SweepPlan } from './record.ts'
import { type CurrentWorld, runsByCommit, upToDate } from './up-to-date.ts'

export interface SweepPlanning {
  readonly id: string
  /** Epoch ms. */
  readonly now: number
  readonly by: string
  readonly place: SweepPlan['place']
  readonly mode: SweepPlan['mode']
  readonly only: readonly string[] | null
  readonly candidates: readonly SweepCandidate[]
  readonly exclude: readonly Exclusion[]
  readonly world: CurrentWorld
  /** Newest first. */
  readonly runs: readonly RunSummary[]
  readonly flags: readonly string[]
  readonly bounds: SweepPlan['bounds']
  readonly notes?: readonly SweepNote[]
}

/** Every cell there is, each with the reason why it is not run, where it is not. Touches nothing. */
export function planSweep(planning: SweepPlanning): SweepPlan {
  const { candidates, exclude, world, now, only, mode, bounds } = planning
  const usual = usualDurations(planning.runs)
  const runsOf = runsByCommit(planning.runs)
  const relevant =
    only === null ? exclude : exclude.filter(({ recipe }) => candidates.some((one) => one.recipe === recipe))
  return {
    ...{ schema: 1, id: planning.id, startedAt: new Date(now).toISOString(), by: planning.by, place: planning.place },
    ...{ mode, only, flags: planning.flags, bounds },
    tool: { version: world.tool.version, commit: world.tool.commit },
    evidenceSchema: world.evidenceSchema,
    notes: [
      ...(planning.notes ?? []),
      ...exclusionNotes(
        relevant,
        candidates.map(({ recipe }) => recipe),
        now,
      ),
    ],
    cells: candidates.flatMap((candidate) =>
      cellsOf(candidate).map((cell) => ({ ...cell, reason: reasonOf(candidate, cell) })),
    ),
  }

  function cellsOf(candidate: SweepCandidate): Omit<PlannedCell, 'reason'>[] {
    const { recipe, recordedName, source, origin, memoryBytes, release, heads, problem } = candidate
    const same = {
      ...{ recipe, recordedName, source, origin, memoryBytes, release: release?.tag ?? null },
      expectedMs: usual(recordedName),
    }
    return [
      {
        ...same,
        key: cellKey(recipe, null),
        head: null,
        pull: null,
        ref: release?.tag ?? null,
        commit: release?.commit ?? null,
      },
      ...(problem ? [] : heads).map(({ name, commit, pull }) => ({
        ...same,
        ...{ key: cellKey(recipe, name), head: name, pull: pull ?? null, ref: name, commit },
      })),
    ]
  }

  /** What speaks against running it, the strongest first: an operator's word counts more than what the recipe lacks. */
  function reasonOf(candidate: SweepCandidate, cell: Omit<PlannedCell, 'reason'>): PlannedCell['reason'] {
    const { problem, release } = candidate
    if (problem) return reason(problem.code, problem.text)
    const excluded = excludedBy(exclude, cell, now)
    if (excluded !== null) return reason('excluded', excluded)
    if (cell.commit === null) {
      return cell.head === null
        ? reason('no-release', 'no annotated tag is a version')
        : reason('unreadable', `there is no branch "${cell.head}"`)
    }
    if (cell.head !== null && release?.commit === cell.commit)
      return reason('same-commit', `it is ${release.tag} itself`)
    if (cell.memoryBytes > bounds.memoryBytes) {
      const [needs, has] = [formatSize(cell.memoryBytes), formatSize(bounds.memoryBytes)]
      return reason('too-big', `it is given ${needs}, and all runs together have ${has}`)
    }
    if (mode === 'all') return null
    const found = upToDate({ ...cell, commit: cell.commit }, runsOf, world)
    return found.run && { code: 'up-to-date', text: `run ${found.run.id} judged the same`, run: found.run.id }
  }
}

function reason(code: ReasonCode, text: string): NonNullable<PlannedCell['reason']> {
  return { code, text, run: null }
}

/** Whether a plan comes to nothing: no cell is run, and none is answered by a run. */
export function isEmptyPlan({ cells }: SweepPlan): boolean {
  return cells.every(
    ({ reason }) => reason !== null && !(REASONS[reason.code].kind === 'answered' && reason.run !== null),
  )
}
