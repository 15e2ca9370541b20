import { mkdirSync } from 'node:fs'
import type { RunSummary } from '../../../src/history/run-summary.ts'
import type { SweepCandidate } from '../../../src/history/sweep/contract.ts'
import { matrixOf } from '../../../src/history/sweep/matrix.ts'
import { planSweep } from '../../../src/history/sweep/planning.ts'
import {
  type CellRecord,
  type Matrix,
  type SweepPlan,
  sweepFolder,
  writeCell,
  writeMatrix,
  writePlan,
} from '../../../src/history/sweep/record.ts'
import type { LongHistorySize } from '../long-history.ts'
import { worldOf } from './some-sweeps.ts'

/** Sweeps of every recipe of a long history, a release and a head each, for which the runs of its last commits speak. */
export function longSweep(all: readonly RunSummary[], { recipes, runs }: LongHistorySize) {
  const [newest] = all
  if (!newest) throw new Error('there are no runs')
  const commitOf = (run: number) => String(run).padStart(40, '0')
  const candidates = Array.from({ length: recipes }, (_, recipe): SweepCandidate => {
    const name = `recipe-${recipe}`
    const same = { recipe: name, recordedName: name, source: `/recipes/${name}`, origin: null, memoryBytes: 1024 ** 3 }
    const heads = [{ name: 'main', commit: commitOf(runs - 1) }]
    return { ...same, release: { tag: '1.0.0+1', commit: commitOf(runs - 2) }, heads, problem: null }
  })
  const byCommit = new Map(all.map((run) => [`${run.recipe.name} ${run.recipe.commit}`, run.id]))
  const byId = new Map(all.map((run) => [run.id, run]))
  const plan = (id: string, mode: 'all' | 'changed') =>
    planSweep({
      ...{ id, now: Date.parse('2026-11-30T00:00:00Z'), by: 'bench', place: 'server', mode, only: null, candidates },
      ...{ exclude: [], world: worldOf(newest), runs: all, flags: [], bounds: { memoryBytes: 1024 ** 4, jobs: 2 } },
    })
  /** What became of its cells: the runs of so many commits before. */
  const records = (of: SweepPlan, back: number) =>
    of.cells.map(({ key, recipe, commit }): CellRecord => {
      const run = byCommit.get(`${recipe} ${commitOf(Math.max(0, Number(commit) - back))}`) ?? newest.id
      const times = { startedAt: '2026-11-30T00:00:00Z', finishedAt: '2026-11-30T00:01:00Z', exitCode: 0 }
      return { ...{ schema: 1, key, status: 'ended', run, folder: run, earlier: [], refused: null }, ...times }
    })
  const matrix = (of: SweepPlan, made: readonly CellRecord[], previous: Matrix | null) => {
    const summaryOf = (run: string) => byId.get(run) ?? null
    return matrixOf({ plan: of, records: made, previous, summaryOf, finishedAt: Date.parse('2026-11-30T01:00:00Z') })
  }
  const second = () => {
    const [before, now] = [plan('20261123-000000-aaaaaa', 'all'), plan('20261130-000000-bbbbbb', 'all')]
    return { plan: now, records: records(now, 0), previous: matrix(before, records(before, 2), null) }
  }
  return { plan, matrix, second }
}

/** Leaves the second of two such sweeps in a state folder. */
export async function writeLongSweep(state: string, all: readonly RunSummary[], size: LongHistorySize): Promise<void> {
  const swept = longSweep(all, size)
  const { plan, records, previous } = swept.second()
  const folder = sweepFolder(state, plan.id)
  mkdirSync(folder.cells, { recursive: true })
  await writePlan(folder, plan)
  for (const [index, record] of records.entries()) writeCell(folder, index, record)
  await writeMatrix(folder, swept.matrix(plan, records, previous))
}
