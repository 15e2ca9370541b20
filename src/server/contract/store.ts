import type { Enrollment } from '../enrollments/enrollment.ts'
import type { WorkerDisks } from './protocol.ts'
import type { RunOutcome, RunRequest, RunState } from './request.ts'

/** What became of one comment. Kept forever: a comment is answered once, however often it is delivered or polled. */
export const DECISIONS = ['run', 'cancel', 'refused', 'grammar', 'not-enrolled', 'ignored'] as const
export type Decision = (typeof DECISIONS)[number]

export interface DecidedComment {
  readonly repository: string
  readonly comment: number
  readonly decision: Decision
  /** ISO 8601: the comment's own created_at. */
  readonly at: string
  readonly run: string | null
}

/** A run as the index knows it. */
export interface RunRow {
  readonly request: RunRequest
  readonly state: RunState
  /** 0 before the first claim. */
  readonly attempt: number
  /** Run id of the newest attempt's folder: `request.id` for the first. */
  readonly folder: string
  readonly worker: string | null
  readonly leaseUntil: string | null
  readonly startedAt: string | null
  /** When somebody asked to cancel it; it may still be running. */
  readonly cancelAskedAt: string | null
  readonly cancelReason: string | null
  readonly outcome: RunOutcome | null
  /** Version and commit of the harness that began the newest attempt; the same one ends it. */
  readonly harness: string | null
}

/** What a worker may hold at a time. */
export interface Capacity {
  readonly worker: string
  /** All that runs of this worker may use together, and what is free of it now, in bytes. */
  readonly memoryBytes: number
  readonly freeBytes: number
  readonly harness: string
  /** Why it takes nothing now; missing: nothing is wrong with it. */
  readonly unavailableReason?: string
  /** Missing: a worker of an earlier version, which does not say. */
  readonly disks?: WorkerDisks
}

/** Proof that one attempt is whose it is: every write names it, and a write that names an older one is refused (`fenced`). */
export interface Lease {
  readonly run: string
  readonly attempt: number
  /** Random, 128 bits, hex. */
  readonly token: string
}

export interface Claim {
  readonly lease: Lease
  readonly request: RunRequest
  /** Run id of this attempt's folder. */
  readonly folder: string
  readonly leaseUntil: string
}

/** A reply to a comment that started no run. */
export interface StoredReply {
  /** The comment that is answered; null where none is. */
  readonly comment: number | null
  /** ISO 8601: when it was written. */
  readonly at: string
  /** Masked and escaped. */
  readonly text: string
  /** Id of the run whose end makes it outdated; null: it stays until something newer. */
  readonly until: string | null
}

/** The desired text of our one comment on a pull request. The body consists of the parts, which are stored so that each can change without the other. */
export interface CommentNotification {
  readonly kind: 'comment'
  readonly repository: string
  readonly pull: number
  readonly body: string
  /** The text of the newest run, masked; null or missing: there is none. */
  readonly run?: string | null
  readonly reply?: StoredReply | null
}

/** The desired state of the forge, whatever it shows now: state, not messages, so that nothing is lost or sent twice when the forge was down. */
export type Notification =
  | CommentNotification
  | {
      readonly kind: 'status'
      readonly repository: string
      readonly commit: string
      readonly state: 'pending' | 'success' | 'failure' | 'error'
      readonly description: string
      readonly url: string
    }

export interface PendingNotification {
  readonly key: string
  readonly answer: Notification
  /** Rises with each change of the desired state; `markPublished` names it, so that a newer state stays pending. */
  readonly version: number
  readonly tries: number
  /** The forge's id of the comment that was made before; null when none is known. */
  readonly remoteId: number | null
}

/** What waits of one priority. */
interface Waiting {
  readonly priority: RunRequest['priority']
  readonly runs: number
  /** ISO 8601: when the one that waits longest was asked for; null where nothing waits. */
  readonly since: string | null
}

export interface QueuePlace {
  /** Runs that will be served before it, running ones included. */
  readonly ahead: number
  /** Null while no run of the past tells how long one takes. */
  readonly etaMs: number | null
}

/**
 * The index of everything the server knows; the run folders and `<state>/server/` are the truth (`rebuild`). Every method is one
 * transaction. Several servers may use one PostgreSQL (and share the state folder); the embedded database has one owner.
 * Times come from the injected clock as epoch ms where a parameter is called `now`; leases compare with the same clock.
 * Throws InfraError `database-gone` when the database does not answer: callers try again later, nothing is half done;
 * `disk-full` when there is no room for a change, in it or in the folders: the same.
 */
export interface Store {
  readonly kind: 'embedded' | 'postgres'

  enroll(enrollment: Enrollment): Promise<void>
  /** False when it was not enrolled. */
  withdraw(name: string): Promise<boolean>
  enrollments(): Promise<readonly Enrollment[]>
  /** By its own name first, then by its organisation's. Names compare without case, as the forge does. */
  enrollmentOf(repository: string): Promise<Enrollment | null>

  /**
   * Decides a comment once. `first: false`: somebody has decided it before, nothing was written. With `request` a queued run is made (its
   * folder and request.json first), a queued run of the same pull request is cancelled in its favour (`superseded`), and a running one stays.
   * Where a run of a newer comment continues already (another server decided that one meanwhile; the forge numbers comments in their order), none
   * is made: the comment is kept as `ignored` in favour of `newer`.
   */
  decide(
    comment: DecidedComment,
    request: RunRequest | null,
  ): Promise<{ readonly first: boolean; readonly superseded: readonly RunRow[]; readonly newer: RunRow | null }>
  decided(repository: string, comment: number): Promise<DecidedComment | null>
  /** Whether `firstRefusal` was ever called for it. */
  wasRefused(repository: string, pull: number, login: string): Promise<boolean>
  /** Notes that the polite refusal was said, once per (repository, pull, login): true for the first call. */
  firstRefusal(repository: string, pull: number, login: string): Promise<boolean>
  /** Adds a run that no comment asked for. */
  add(request: RunRequest): Promise<{ readonly superseded: readonly RunRow[] }>

  run(id: string): Promise<RunRow | null>
  /** Those of these ids that there are, by id: one question for all cells of a sweep. */
  runsOf(ids: readonly string[]): Promise<ReadonlyMap<string, RunRow>>
  /** Newest first. */
  runs(filter: {
    readonly repository?: string
    /** Null: of no pull request, heads of pull requests that a sweep judged included. */
    readonly pull?: number | null
    readonly state?: readonly RunState[]
    readonly before?: string
    readonly limit: number
  }): Promise<readonly RunRow[]>
  /** Of each repository the newest `most` runs that have ended, newest first. */
  endsOfEach(most: number): Promise<readonly RunRow[]>
  place(id: string, now: number): Promise<QueuePlace | null>
  /** The first `limit` queued runs, next one first, each with its place. */
  queue(limit: number): Promise<readonly { readonly row: RunRow; readonly place: QueuePlace }[]>
  /** One for each priority. */
  waiting(): Promise<readonly Waiting[]>
  counts(): Promise<Readonly<Record<RunState, number>>>
  /** How many runs have ended so, of all that are known: by verdict, those without one by state. */
  ends(): Promise<Readonly<Record<string, number>>>

  /**
   * Leases the run that is next: priority first, then the repository that was served least (fewest running, then longest ago), then age;
   * only what fits the free memory, never a second run of one pull request. Null: nothing to do.
   */
  claim(capacity: Capacity, now: number, leaseMs: number): Promise<Claim | null>
  /** Lengthens the lease. `fenced` when the run is another attempt's or has ended. */
  renew(
    lease: Lease,
    now: number,
    leaseMs: number,
  ): Promise<'fenced' | { readonly cancel: string | null; readonly leaseUntil: string }>
  /** True while this lease is the run's: asked before every write to its folder. */
  holds(lease: Lease): Promise<boolean>
  /** Ends the run (outcome.json first). False when fenced: nothing was written. */
  finish(lease: Lease, outcome: RunOutcome): Promise<boolean>
  /** With what the holder of this lease ended its run; null: it continues, or somebody else ended it. */
  endedBy(lease: Lease): Promise<RunOutcome | null>
  /** What was learnt after the end: only `teardown` of an outcome may still change, from `unknown`. */
  tornDown(lease: Lease, teardown: RunOutcome['teardown']): Promise<boolean>
  /** Gives the run back unfinished (a worker that drains): queued again, the attempt does not count. False when fenced. */
  release(lease: Lease): Promise<boolean>
  /**
   * Asks for an end. A queued run is `cancelled` at once; a running one when its worker says so (`asked`), or by `expire`.
   * `ended`: it was over already.
   */
  cancel(id: string, reason: string, now: number): Promise<'cancelled' | 'asked' | 'ended' | 'unknown'>
  /**
   * What leases that ran out mean: queued again, or `cancelled` if that was asked, or `error` after the third attempt. Gives the rows that
   * changed, so that they are answered.
   */
  expire(now: number): Promise<readonly RunRow[]>

  /** Sets the desired state of a comment or status; replaces the older one. */
  setDesired(notification: Notification): Promise<void>
  /** As `setDesired`, for a comment computed from the current desired one (null: there is none). Null: no change. One at a time for each comment. */
  updateComment(
    repository: string,
    pull: number,
    change: (now: CommentNotification | null) => CommentNotification | null,
  ): Promise<void>
  /** Notifications that are due. Each belongs to the publisher that took it for `holdMs`. */
  takePending(now: number, limit: number, holdMs: number): Promise<readonly PendingNotification[]>
  markPublished(key: string, version: number, remoteId: number | null): Promise<void>
  /** Due again at `at` (epoch ms). `forget`: never (the pull request or repository no longer exists). */
  postpone(key: string, at: number | 'forget'): Promise<void>
  countPending(): Promise<number>

  /** Where polling of a repository or organisation stands: the newest `updated_at` that was seen whole; null: never polled. */
  cursor(name: string): Promise<string | null>
  setCursor(name: string, at: string): Promise<void>

  workers(): Promise<readonly WorkerRow[]>
  /** Keeps the SHA-256 of the token; throws UsageError `worker-exists`. */
  addWorker(name: string, tokenHash: string): Promise<void>
  removeWorker(name: string): Promise<boolean>
  workerOfToken(tokenHash: string): Promise<string | null>
  seenWorker(capacity: Capacity, now: number): Promise<void>

  /** Adds to the index what the run folders and `<state>/server/` tell and it does not know. Safe at any time, any number of times. */
  rebuild(): Promise<{ readonly runs: number; readonly comments: number; readonly enrolments: number }>
  /** Resolves when something, or only the queue, may have changed, or after `ms`: from other servers too. Default: `any`. */
  changed(ms: number, signal: AbortSignal, of?: 'queue' | 'any'): Promise<void>
  ping(): Promise<void>
  close(): Promise<void>
}

export interface WorkerRow {
  readonly name: string
  readonly seenAt: string | null
  readonly memoryBytes: number | null
  readonly freeBytes: number | null
  readonly harness: string | null
  /** Why it takes nothing now; null: nothing is wrong with it. */
  readonly unavailableReason: string | null
  /** Null: it never said. */
  readonly disks: WorkerDisks | null
}
