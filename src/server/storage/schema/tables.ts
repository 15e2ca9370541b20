// cspell:ignore kysely
import type { Generated } from 'kysely'
import type { RunState } from '../../contract/request.ts'
import type { Decision } from '../../contract/store.ts'

/**
 * Names of repositories, organisations and logins are kept lower-cased where they are compared (`repo`, `name`, `login`); the documents keep the
 * spelling. Times are epoch ms and sizes bytes, both as double precision: exact up to 2^53, and a plain number from either driver.
 */
export interface Tables {
  runs: RunsTable
  /** When a repository last got a worker: what fairness compares. */
  turns: { repo: string; at: number }
  comments: { repo: string; comment: number; repository: string; decision: Decision; at: string; run: string | null }
  refusals: { repo: string; pull: number; login: string }
  enrolments: { name: string; document: string }
  answers: AnswersTable
  cursors: { name: string; at: string }
  workers: WorkersTable
}

export interface RunsTable {
  id: string
  repo: string
  pull: number | null
  /** Index in PRIORITIES: less is served first. */
  priority: number
  at: number
  memory: number
  request: string
  state: RunState
  attempt: number
  folder: string
  worker: string | null
  harness: string | null
  lease_token: string | null
  lease_until: number | null
  /** How long the lease was asked for: no lease can last longer than that from now. */
  lease_ms: number | null
  started_at: number | null
  cancel_asked_at: number | null
  cancel_reason: string | null
  outcome: string | null
  finished_at: number | null
  /** The end came from the holder of the lease. */
  by_worker: Generated<boolean>
}

interface AnswersTable {
  key: string
  answer: string
  version: number
  tries: number
  remote_id: number | null
  pending: boolean
  due_at: number
  /** The clock when it was last handed out: much later than now only where the clock went back. */
  handed_at: number
}

interface WorkersTable {
  name: string
  /** Null: the embedded worker, which needs none. */
  token_hash: string | null
  seen_at: number | null
  memory: number | null
  free: number | null
  harness: string | null
  trouble: string | null
  /** JSON; see `workerDisks`. */
  disks: string | null
}
