import { createHash } from 'node:crypto'
import { REASONS } from '../../history/sweep/contract.ts'
import type { CellRecord, PlannedCell, SweepPlan } from '../../history/sweep/record.ts'
import type { RunRequest } from '../contract/request.ts'
import type { RunRow } from '../contract/store.ts'
import type { SweepCellState } from '../contract/sweeps.ts'

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'

/** The id of the run of a cell: the same whoever works it out, so that a cell is never asked for twice. Three characters are the cell, three the sweep. */
export function cellRunId(sweep: string, index: number): string {
  const digest = createHash('sha256').update(sweep).digest()
  const letter = (value: number) => ALPHABET[value % ALPHABET.length]
  const cell = [0, 1, 2].map((place) => letter(Math.floor(index / ALPHABET.length ** place))).join('')
  return `${sweep.slice(0, 15)}-${cell}${[0, 1, 2].map((place) => letter(digest[place] ?? 0)).join('')}`
}

/** What the queue is asked for a cell. Nothing is published on the pull request: nobody there requested it. */
export function cellRequestOf(
  plan: SweepPlan,
  index: number,
  { deadlineMs, now }: { deadlineMs: number; now: number },
): RunRequest {
  const { recipe, commit, memoryBytes, pull } = plan.cells[index] as PlannedCell
  return {
    ...{ schema: 1, id: cellRunId(plan.id, index), attemptOf: null, at: new Date(now).toISOString() },
    ...{ priority: 'sweep', repository: recipe, pull: null, commit: commit ?? '', base: 'auto', quick: false },
    ...{ memoryBytes, deadlineMs },
    sweep: { id: plan.id, pull: pull?.number ?? null, baseRef: pull?.baseRef ?? null },
  }
}

/** What became of a cell, from how its run ended; null: it has not. A run that ended without a verdict was not judged. */
export function recordOf(key: string, { request, outcome, startedAt, attempt }: RunRow): CellRecord | null {
  if (!outcome) return null
  const { state, verdict, folder, finishedAt, message, cause } = outcome
  const judged = state === 'done' && verdict !== null
  return {
    ...{ schema: 1, key, status: 'ended', run: request.id, folder: judged ? folder : null, earlier: [] },
    ...{ startedAt: startedAt ?? request.at, finishedAt, exitCode: null },
    refused: judged
      ? null
      : { code: cause ?? state, blame: attempt === 0 || state === 'cancelled' ? 'infra' : 'ci', message },
  }
}

/** A cell as a page shows it while the sweep continues. */
export function cellNow(plan: SweepPlan, index: number, record: CellRecord | null, row: RunRow | null): SweepCellState {
  const { key, ref, reason } = plan.cells[index] as PlannedCell
  if (reason)
    return { key, ref, run: reason.run, state: 'needless', text: `${REASONS[reason.code].words}: ${reason.text}` }
  const run = cellRunId(plan.id, index)
  if (record?.status === 'ended')
    return { key, ref, run, state: 'ended', text: record.refused?.message ?? row?.outcome?.verdict ?? 'judged' }
  if (row?.state === 'running')
    return { key, ref, run, state: 'running', text: `since ${row.startedAt?.slice(11, 16) ?? '?'} UTC` }
  return { key, ref, run: row ? run : null, state: 'waiting', text: '' }
}
