// cspell:ignore kysely
import type { Insertable, Selectable } from 'kysely'
import { PRIORITIES, type RunOutcome, type RunRequest } from '../contract/request.ts'
import type { RunRow } from '../contract/store.ts'
import type { RunsTable } from '../storage/schema/tables.ts'

export type StoredRun = Selectable<RunsTable>

export function toRunRow(row: StoredRun): RunRow {
  return {
    request: JSON.parse(row.request),
    state: row.state,
    attempt: row.attempt,
    folder: row.folder,
    worker: row.worker,
    leaseUntil: isoOrNull(row.lease_until),
    startedAt: isoOrNull(row.started_at),
    cancelAskedAt: isoOrNull(row.cancel_asked_at),
    cancelReason: row.cancel_reason,
    outcome: row.outcome === null ? null : JSON.parse(row.outcome),
    harness: row.harness,
  }
}

/** The row of a request that nobody has begun. */
export function queuedRow(request: RunRequest): Insertable<RunsTable> & { id: string } {
  return {
    id: request.id,
    repo: request.repository.toLowerCase(),
    pull: request.pull?.number ?? null,
    priority: PRIORITIES.indexOf(request.priority),
    at: Date.parse(request.at),
    memory: request.memoryBytes,
    request: JSON.stringify(request),
    state: 'queued',
    attempt: 0,
    folder: request.id,
  }
}

/** What an end changes in a row, whoever ends it. */
export function endedWith(outcome: RunOutcome) {
  return {
    state: outcome.state,
    outcome: JSON.stringify(outcome),
    finished_at: Date.parse(outcome.finishedAt),
    lease_until: null,
  } as const
}

/** The outcome of a run that ends without its worker's word. */
export function endWithoutWorker(
  row: Pick<StoredRun, 'id' | 'folder' | 'attempt'>,
  state: 'cancelled' | 'error',
  message: string,
  now: number,
): RunOutcome {
  return {
    schema: 1,
    id: row.id,
    state,
    verdict: null,
    level: null,
    cause: null,
    tier: null,
    message: message.slice(0, 500),
    finishedAt: iso(now),
    folder: row.folder,
    attempts: row.attempt,
    teardown: row.attempt === 0 ? 'none' : 'unknown',
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms)
}
