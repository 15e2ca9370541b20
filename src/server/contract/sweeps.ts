import type { Matrix, SweepPlan } from '../../history/sweep/record.ts'
import type { SweepVerdict } from '../../history/sweep/verdict.ts'

/** That somebody, or the time, asked for a sweep: `<state>/sweeps/<id>/order.json`, on disk before it is planned. */
export interface SweepOrder {
  readonly schema: 1
  readonly id: string
  readonly at: string
  /** `schedule`, `operator`, or a login of the forge. */
  readonly by: string
  readonly mode: 'all' | 'changed'
  /** `ORG/REPO`; null: everything that is enrolled. */
  readonly only: readonly string[] | null
}

/** A sweep in one line. */
export interface SweepRow {
  readonly id: string
  readonly startedAt: string
  readonly by: string
  readonly mode: 'all' | 'changed'
  /** `ordered`: not planned yet, because the forge or the database is away. */
  readonly state: 'ordered' | 'running' | 'over'
  readonly cells: number
  /** Cells that are over, or need no run. */
  readonly done: number
  /** Null while it is not over. */
  readonly verdict: SweepVerdict | null
  readonly counts: Matrix['counts'] | null
}

/** A cell that has a run in the queue of this server. */
export interface SweepCellState {
  readonly key: string
  readonly ref: string | null
  /** Null: it needs none. */
  readonly run: string | null
  readonly state: 'needless' | 'waiting' | 'running' | 'ended'
  readonly text: string
}

export interface SweepView {
  readonly row: SweepRow
  readonly plan: SweepPlan | null
  readonly cells: readonly SweepCellState[]
  readonly matrix: Matrix | null
  /** By the folder of its results, the run that the index knows. */
  readonly runOf: ReadonlyMap<string, string>
}

/**
 * Sweeps of what is enrolled: each cell is a run in the queue, served last. The documents of a sweep are the truth (`history/sweep/contract.ts`), the index is never
 * asked for more than how its runs stand: a server that starts over, or another one that shares the folder, continues with it.
 */
export interface Sweeps {
  /** Notes the order; it is planned and run by `round`. Throws UsageError `sweep-running` while one is not over. */
  order(order: Pick<SweepOrder, 'by' | 'mode' | 'only'>): Promise<SweepOrder>
  /** Newest first. */
  list(limit: number): Promise<readonly SweepRow[]>
  /** Null: there is none of this id. */
  one(id: string): Promise<SweepView | null>
  /** Orders what is due, plans what is ordered, and carries on what is planned; then waits for news. */
  round(signal: AbortSignal): Promise<void>
}
