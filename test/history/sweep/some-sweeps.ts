import type { RunSummary } from '../../../src/history/run-summary.ts'
import type { SweepCandidate } from '../../../src/history/sweep/contract.ts'
import { factsOf } from '../../../src/history/sweep/current-world.ts'
import { matrixOf } from '../../../src/history/sweep/matrix.ts'
import { planSweep, type SweepPlanning } from '../../../src/history/sweep/planning.ts'
import type { CellRecord, Matrix, SweepPlan } from '../../../src/history/sweep/record.ts'
import type { CurrentWorld } from '../../../src/history/sweep/up-to-date.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { type Made, summary } from '../some-runs.ts'

export const GIB = 1024 ** 3
const NOW = Date.parse('2026-11-30T02:00:00Z')

/** Forty digits of one. */
export const commit = (digit: string) => digit.repeat(40)

export function candidate(recipe: string, more: Partial<SweepCandidate> = {}): SweepCandidate {
  return {
    ...{ recipe, recordedName: recipe, source: `/recipes/${recipe}`, origin: null, memoryBytes: GIB, problem: null },
    release: { tag: '1.0.0+1.0', commit: commit('1') },
    heads: [{ name: 'main', commit: commit('2') }],
    ...more,
  }
}

/** A run of a recipe, of the commit with this digit. */
export function run(recipe: string, digit: string, made: Made & { readonly id: string }): RunSummary {
  const header = { ...made.header, recipe: { ...HEADER.recipe, name: recipe, commit: commit(digit), dirty: false } }
  return summary({ ...made, header })
}

/** The world in which `run` was made. */
export function worldOf(one: RunSummary): CurrentWorld {
  return {
    ...{ tool: one.tool, evidenceSchema: 1, environment: factsOf(one), factsOf },
    ...{ movedImage: () => null, settingsChanged: () => false },
  }
}

export function plan(candidates: readonly SweepCandidate[], more: Partial<SweepPlanning> = {}): SweepPlan {
  return planSweep({
    ...{ id: '20261130-020000-aaaaaa', now: NOW, by: 'test', place: 'here', mode: 'all', only: null, candidates },
    ...{ exclude: [], runs: [], flags: [], bounds: { memoryBytes: 4 * GIB, jobs: 2 } },
    world: worldOf(run('any', '9', { id: '20261101-000000-zzzzzz' })),
    ...more,
  })
}

/** The matrix of a plan whose cells have ended with these runs, by key. */
export function matrix(
  of: SweepPlan,
  ended: Readonly<Record<string, RunSummary | CellRecord['refused']>>,
  previous: Matrix | null = null,
  known: readonly RunSummary[] = [],
): Matrix {
  const runs = [...known, ...Object.values(ended).filter((one): one is RunSummary => one !== null && 'tiers' in one)]
  return matrixOf({
    ...{ plan: of, previous, finishedAt: NOW + 60_000 },
    summaryOf: (id) => runs.find((one) => one.id === id) ?? null,
    records: of.cells.map(({ key }) => (key in ended ? recordOf(key, ended[key] ?? null) : null)),
  })
}

function recordOf(key: string, end: RunSummary | CellRecord['refused']): CellRecord {
  const id = end && 'tiers' in end ? end.id : '20261130-020001-bbbbbb'
  return {
    ...{ schema: 1, key, status: 'ended', run: id, folder: end && 'tiers' in end ? id : null, earlier: [] },
    ...{ startedAt: '2026-11-30T02:00:00.000Z', finishedAt: '2026-11-30T02:01:00.000Z', exitCode: 0 },
    refused: end && 'tiers' in end ? null : end,
  }
}
