import type { Enrollment, EnrollmentOrder } from '../enrollments/enrollment.ts'
import type { CommentEvent, WebhookValues } from './forge.ts'
import type { RunRequest } from './request.ts'
import type { RunRow } from './store.ts'

/** From a comment to a decision, a reply and perhaps a run; by webhook and by poll alike. */
export interface CommentReceiver {
  /**
   * Decides the comment once and stores the reply to it. Idempotent: a comment that was decided before changes nothing. Throws what Store and Forge
   * throw: then nothing was decided, and the next poll finds the comment again.
   */
  receive(event: CommentEvent): Promise<void>
  /** One round of polling over all enrollments, from each one's cursor. Gives how many comments were new to us. */
  poll(signal: AbortSignal): Promise<number>
}

/** A run that somebody with the right to asks for by name instead of by comment. */
interface StartOrder {
  readonly repository: string
  /** Branch, tag or commit; default: the default branch. */
  readonly ref?: string
  readonly pull?: number
  readonly base?: string
  readonly quick?: boolean
  readonly priority?: 'manual' | 'sweep'
}

/** What a person with the right to it may do, by API, page or command line. `by`: `operator` or a login; it stands in the answers. */
export interface Operations {
  /** Throws UsageError `not-enrolled`, `ref-not-found`. */
  start(order: StartOrder, by: string): Promise<RunRequest>
  /** The same request again: same commit. Throws UsageError `no-such-run`. */
  rerun(id: string, by: string): Promise<RunRequest>
  /** Asks whether it was the change that made a run red. Throws UsageError `no-such-run`, `why-not`. */
  why(id: string, by: string): Promise<RunRequest>
  /** Throws UsageError `no-such-run`. */
  cancel(id: string, by: string): Promise<'cancelled' | 'asked' | 'ended'>
  /**
   * Enrolls a repository or organisation: the webhook is made where the token may, else `paste` says what to enter by hand and where.
   * Throws UsageError `no-such-repository`, `already-enrolled`.
   */
  enroll(
    order: EnrollmentOrder,
    by: string,
  ): Promise<{
    readonly enrollment: Enrollment
    readonly paste: (WebhookValues & { readonly page: string; readonly secret: 'CC_CI_WEBHOOK_SECRET' }) | null
  }>
  /**
   * What the forge has of the webhooks of these enrollments now, by name: whoever asks waits a second and a half at most, and what the forge has not answered by
   * then is `not-known`. Only of those that cc-ci made: others it may not see.
   */
  webhooks(enrollments: readonly Pick<Enrollment, 'name' | 'webhook'>[]): Promise<ReadonlyMap<string, WebhookState>>
  /** Stops listening, and cancels what waits of repositories that nothing else enrolls; what runs continues. False when it was not enrolled. */
  withdraw(name: string, by: string): Promise<boolean>
  /**
   * The code of the repository may run, in the sandbox, as it is at this commit, whichever commit has it. Throws UsageError `bad-approval`, `no-such-commit`, `nothing-to-approve` for a commit
   * without `cc-ci/`, ForgeError.
   */
  approve(repository: string, commit: string, by: string): Promise<void>
  /** Of all repositories of the forge, newest first. */
  approvals(): readonly RepositoryApproval[]
  /** Takes an approval back, for runs that are assigned from now on. False: there was none. */
  revokeApproval(repository: string, commit: string, by: string): Promise<boolean>
  /** What the code of a commit is, beside what of the repository was approved last. Throws UsageError `no-such-commit`, ForgeError. */
  codeOf(repository: string, commit: string): Promise<CodeOfCommit>
}

/** Whether comments come by a webhook, as the forge says. `events`: it does not send these. */
export type WebhookState =
  | { readonly kind: 'active' | 'missing' | 'inactive' }
  | { readonly kind: 'events'; readonly missing: readonly string[] }
  | { readonly kind: 'not-known'; readonly why: string }

/** That the code of a repository may run as it is at a commit. */
export interface RepositoryApproval {
  /** `ORG/REPO`. */
  readonly repository: string
  readonly commit: string
  /** Null: of an earlier version; it holds for the commit alone. */
  readonly tree: string | null
  /** ISO 8601. */
  readonly at: string
}

/** One file of `cc-ci/`, without that folder's name, and what became of it since the last approval. */
export interface CodeFile {
  readonly path: string
  readonly change: 'same' | 'changed' | 'added' | 'removed'
  /** Lines of a unified diff against the approved one, without a header; null: it is the same, too large, or no text. */
  readonly patch: readonly string[] | null
}

export interface CodeOfCommit {
  readonly approved: boolean
  /** The newest approval of the repository whose code can still be read; null: there is none, and every file counts as added. */
  readonly against: RepositoryApproval | null
  /** By path. */
  readonly files: readonly CodeFile[]
}

/** Keeps what the forge shows of runs up to date. */
export interface Publisher {
  /** Stores the desired status and comment of the run's pull request. To be called after every change of a run. */
  runChanged(row: RunRow): Promise<void>
  /** Sends what is pending until the signal: with backoff, nothing lost, nothing sent twice. */
  publish(signal: AbortSignal): Promise<void>
}
