import { existsSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writePins } from '../retention/pins.ts'
import { readRunIndex } from '../run-index.ts'
import type { RunSummary } from '../run-summary.ts'
import { matrixOf, previousOf } from './matrix.ts'
import {
  listSweeps,
  type Matrix,
  readCells,
  readMatrix,
  readPlan,
  type SweepPlan,
  sweepFolder,
  writeMatrix,
} from './record.ts'

/** The matrix of a sweep whose cells are over: put together, compared with the sweep before, and kept. May be repeated: it is made of what lies on the disk. */
export async function concludeSweep(state: string, plan: SweepPlan, finishedAt: number): Promise<Matrix> {
  const folder = sweepFolder(state, plan.id)
  const records = readCells(folder, plan)
  const previous = previousOf(plan, sweepsBefore(state, plan.id))
  const matrix = matrixOf({ plan, records, finishedAt, summaryOf: summaries(state), previous })
  // Pinned before it is referred to: see `pins.ts`.
  await pinRuns(state, [matrix, previous, newestMatrix(state)])
  await writeMatrix(folder, matrix)
  await rm(folder.recipes, { recursive: true, force: true })
  for (const name of halfWritten(folder.cells)) await rm(join(folder.cells, name), { force: true })
  return matrix
}

/** What a kill in the middle of a write has left beside the records. */
function halfWritten(cells: string): string[] {
  return existsSync(cells) ? readdirSync(cells).filter((name) => name.startsWith('.')) : []
}

/** Sweeps that are over, newest first, each read when it is asked for; what cannot be read is none. */
function* sweepsBefore(state: string, id: string): Generator<{ plan: SweepPlan; matrix: Matrix }> {
  for (const earlier of listSweeps(state).filter((one) => one < id)) {
    const folder = sweepFolder(state, earlier)
    try {
      const matrix = readMatrix(folder)
      if (matrix) yield { plan: readPlan(folder), matrix }
    } catch {
      // Damaged, or of another version of cc-ci: nothing that could be compared.
    }
  }
}

/** A sweep of few recipes may end after one of all, whose runs are still what the next one is compared with. */
function newestMatrix(state: string): Matrix | null {
  for (const { plan, matrix } of sweepsBefore(state, '~')) if (plan.only === null) return matrix
  return null
}

function summaries(state: string): (run: string) => RunSummary | null {
  const known = new Map(readRunIndex(state).runs.map((run) => [run.id, run]))
  return (run) => known.get(run) ?? null
}

/** The runs of this matrix, of the one it is compared with, and of the newest of all recipes stay whole: each difference has a link to both. */
async function pinRuns(state: string, matrices: readonly (Matrix | null)[]): Promise<void> {
  const pins = new Map<string, string>()
  for (const { id, cells } of matrices.filter((matrix) => matrix !== null)) {
    for (const { run, key } of cells) {
      if (run !== null && !pins.has(run)) pins.set(run, `sweep ${id}: ${key}`.slice(0, 300))
    }
  }
  await writePins(
    state,
    'sweeps',
    [...pins].map(([run, reason]) => ({ run, reason })),
  )
}
