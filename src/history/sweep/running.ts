import type { Clock } from '../../lib/async/clock.ts'
import { newRunId } from '../../lib/ids.ts'
import { median } from './durations.ts'
import { type CellRecord, type PlannedCell, readCells, type SweepFolder, type SweepPlan, writeCell } from './record.ts'
import { type Load, nextCells, remainingMs } from './schedule.ts'

/** How one run of a cell ended. */
export interface CellEnd {
  readonly exitCode: number | null
  /** Why there are no results; null: there are. */
  readonly refused: CellRecord['refused']
  /** The node that was lost under it; null: none was. */
  readonly lostNode: string | null
}

export interface CellRunner {
  /** One cold run under this id. When the signal aborts it takes down what it made; then the signal's reason is thrown. */
  run(cell: PlannedCell, run: string, signal: AbortSignal): Promise<CellEnd>
  /** Lets a run end whose sweep was killed, and takes down what is left of it. True: it has whole results, which count. */
  settle(run: string, signal: AbortSignal): Promise<boolean>
}

/** Progress for whoever watches. */
export type SweepStep =
  | { readonly step: 'planned'; readonly toRun: number; readonly kept: number; readonly etaMs: number | null }
  | { readonly step: 'begun'; readonly cell: PlannedCell; readonly run: string; readonly progress: SweepProgressState }
  /** The node under its run was lost: the cell waits for another run. */
  | {
      readonly step: 'again'
      readonly cell: PlannedCell
      readonly lostNode: string
      readonly progress: SweepProgressState
    }
  | {
      readonly step: 'ended'
      readonly cell: PlannedCell
      readonly record: CellRecord
      readonly progress: SweepProgressState
    }

export interface SweepProgressState {
  readonly done: number
  readonly of: number
  readonly running: readonly string[]
  /** Until all have ended; null: nobody knows. */
  readonly etaMs: number | null
}

export interface SweepRun {
  readonly folder: SweepFolder
  readonly plan: SweepPlan
  readonly runner: CellRunner
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly report: (step: SweepStep) => void
}

/**
 * Runs every cell that has no end yet, as many at a time as the bounds allow. Each is on disk before it begins and after it has ended, so that whoever continues after
 * a kill knows which run to settle. When the signal aborts, what continues is stopped, and the signal's reason thrown when nothing continues any more.
 */
export async function runCells({ folder, plan, runner, clock, signal, report }: SweepRun): Promise<CellRecord[]> {
  const records = await settled()
  const toRun = plan.cells.flatMap((cell, index) => (cell.reason === null ? [{ cell, index }] : []))
  const startedAt = new Map<number, number>()
  const going = new Map<number, Promise<void>>()
  const failures: unknown[] = []
  /** Cells that lost the node of a run: they are run once more, on another, and only once. */
  const lostTheirs = new Set<number>()
  report({ step: 'planned', toRun: waiting().length, kept: toRun.length - waiting().length, etaMs: etaMs() })
  while (failures.length === 0 && !signal.aborted) {
    const next = nextCells(waiting(), running(), plan.bounds)
    for (const { index } of next)
      going.set(
        index,
        live(index).finally(() => going.delete(index)),
      )
    if (going.size === 0) break
    await Promise.race(going.values())
  }
  await Promise.all(going.values())
  if (failures.length > 0) throw failures[0]
  signal.throwIfAborted()
  return records.filter((record) => record !== null)

  /** What the processes of a sweep that was killed have left. */
  async function settled(): Promise<(CellRecord | null)[]> {
    const known = readCells(folder, plan)
    for (const [index, record] of known.entries()) {
      if (record?.status !== 'running') continue
      const settledWhole = await runner.settle(record.run, signal)
      // One that lost its node is whole, and still to be run once more.
      const whole = settledWhole && !record.earlier.includes(record.run)
      const ended = { status: 'ended', folder: record.run, finishedAt: iso(), refused: null } as const
      // What is not whole is run again; until then its place says so.
      const next: CellRecord = whole ? { ...record, ...ended } : { ...record, earlier: [...record.earlier, record.run] }
      known[index] = next
      if (whole) writeCell(folder, index, next)
    }
    return known
  }

  async function live(index: number): Promise<void> {
    try {
      const cell = plan.cells[index] as PlannedCell
      const now = clock.now()
      const run = newRunId(now)
      startedAt.set(index, now)
      const begun: CellRecord = {
        ...{ schema: 1, key: cell.key, status: 'running', run, folder: null, earlier: records[index]?.earlier ?? [] },
        ...{ startedAt: iso(), finishedAt: null, exitCode: null, refused: null },
      }
      save(index, begun)
      report({ step: 'begun', cell, run, progress: progress() })
      const { exitCode, refused, lostNode } = await runner.run(cell, run, signal)
      if (lostNode !== null && !lostTheirs.has(index)) {
        lostTheirs.add(index)
        save(index, { ...begun, earlier: [...begun.earlier, run] })
        report({ step: 'again', cell, lostNode, progress: progress() })
        return
      }
      const ended: CellRecord = {
        ...begun,
        ...{ status: 'ended', folder: refused === null ? run : null, finishedAt: iso(), exitCode, refused },
      }
      save(index, ended)
      report({ step: 'ended', cell, record: ended, progress: progress() })
    } catch (error) {
      if (!signal.aborted) failures.push(error)
    }
  }

  function save(index: number, record: CellRecord): void {
    writeCell(folder, index, record)
    records[index] = record
  }

  function isDone(index: number): boolean {
    return records[index]?.status === 'ended'
  }

  function waiting(): Load[] {
    return toRun
      .filter(({ index }) => !isDone(index) && !going.has(index))
      .map(({ cell, index }) => ({ ...cell, index }))
  }

  function running(): Load[] {
    return toRun
      .filter(({ index }) => !isDone(index) && going.has(index))
      .map(({ cell, index }) => {
        const spent = clock.now() - (startedAt.get(index) ?? clock.now())
        return { ...cell, index, expectedMs: cell.expectedMs && Math.max(0, cell.expectedMs - spent) }
      })
  }

  function etaMs(): number | null {
    const known = toRun.flatMap(({ cell }) => (cell.expectedMs === null ? [] : [cell.expectedMs]))
    const seen = records.flatMap((record) =>
      record?.finishedAt ? [Date.parse(record.finishedAt) - Date.parse(record.startedAt)] : [],
    )
    return remainingMs(waiting(), running(), plan.bounds, median(seen) ?? median(known))
  }

  function progress(): SweepProgressState {
    const done = toRun.filter(({ index }) => isDone(index)).length
    return {
      done,
      of: toRun.length,
      running: running().map(({ index }) => plan.cells[index]?.key ?? ''),
      etaMs: etaMs(),
    }
  }

  function iso(): string {
    return new Date(clock.now()).toISOString()
  }
}
