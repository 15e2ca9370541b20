import { newRunId } from '../../lib/ids.ts'
import type { ForgePull } from '../contract/forge.ts'
import type { RunRequest } from '../contract/request.ts'
import type { CommentEvent } from '../contract/services.ts'
import type { Decision, RunRow } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import { whyNotHead } from './bound.ts'
import { cancelRuns } from './cancel.ts'
import { concludeWhy } from './conclude-why.ts'
import type { Command } from './grammar.ts'
import type { TriggerParts } from './parts.ts'
import type { Reply } from './replies.ts'
import { mayAsk } from './who.ts'

/** What a comment comes to. `head`: today's commit, where the reply stands. */
export interface Conclusion {
  readonly decision: Decision
  readonly head: string
  readonly reply: Reply | null
  /** The run that it made, or that it found. */
  readonly run: string | null
  readonly request: RunRequest | null
}

type Asked = Exclude<Command, { kind: 'none' }>
type Test = Extract<Command, { kind: 'test' }>
type Run = Extract<Command, { kind: 'test' | 'why' }>

/**
 * Weighs a comment that nobody has decided. May be repeated: all it changes is that what is to be cancelled is.
 * Throws what Store and Forge throw.
 */
export async function conclude(
  parts: TriggerParts,
  event: CommentEvent,
  command: Asked,
  enrolment: Enrollment | null,
): Promise<Conclusion> {
  const { store, forge } = parts
  const { repository, pull: number, author } = event.comment
  if (!enrolment) {
    const head = event.head ?? (await forge.pull(repository, number)).head.sha
    return said('not-enrolled', head, { kind: 'not-enrolled' })
  }
  const allowed = await mayAsk(forge, enrolment, event.comment)
  const pull = await forge.pull(repository, number)
  const head = pull.head.sha
  if (!allowed) {
    const again = await store.wasRefused(repository, number, author)
    return said('refused', head, again ? null : { kind: 'refused-stranger', login: author })
  }
  if (command.kind === 'grammar') return said('grammar', head, command)
  if (command.kind === 'cancel') return said('cancel', head, await cancelRuns(parts, event))
  return concludeRun(parts, event, command, { enrolment, pull })
}

async function concludeRun(
  parts: TriggerParts,
  event: CommentEvent,
  command: Run,
  { enrolment, pull }: { readonly enrolment: Enrollment; readonly pull: ForgePull },
): Promise<Conclusion> {
  const head = pull.head.sha
  const runs = await parts.store.runs({ repository: pull.repository, pull: pull.number, limit: 100 })
  const own = runs.find(({ request }) => request.pull?.comment === event.comment.id)
  if (own) return { decision: 'run', head, reply: null, run: own.request.id, request: null }
  if (pull.state === 'closed') return said('refused', head, { kind: 'closed' })
  const why = await whyNotHead(parts.forge, event, command.commit, pull)
  if (why) return said('refused', head, why)
  if (command.kind === 'why') return concludeWhy(parts, event, { enrolment, pull, runs })
  const request = requestOf(parts, event, command, { enrolment, pull })
  const there = runs.find((row) => makesNeedless(row, request, event.comment.id))?.request.id
  if (there) return { ...said('ignored', head, { kind: 'already-running', run: there }), run: there }
  const largest = await parts.largestWorker()
  const { memoryBytes } = request
  if (largest !== null && memoryBytes > largest) return said('refused', head, { kind: 'too-big', memoryBytes, largest })
  return { decision: 'run', head, reply: null, run: request.id, request }
}

/** An attribution makes no run needless. The same was asked for and goes on, or a newer comment was served first: comments are numbered in their order. */
function makesNeedless(
  { state, cancelAskedAt, request: other }: RunRow,
  request: RunRequest,
  comment: number,
): boolean {
  if (other.why) return false
  if ((state !== 'queued' && state !== 'running') || cancelAskedAt !== null) return false
  if ((other.pull?.comment ?? 0) > comment) return true
  return other.commit === request.commit && other.base === request.base && other.quick === request.quick
}

function requestOf(
  { settings, clock }: TriggerParts,
  { comment }: CommentEvent,
  { quick, base }: Test,
  { enrolment, pull }: { readonly enrolment: Enrollment; readonly pull: ForgePull },
): RunRequest {
  const now = clock.now()
  return {
    schema: 1,
    id: newRunId(now),
    attemptOf: null,
    at: new Date(now).toISOString(),
    priority: 'pull',
    repository: pull.repository,
    pull: {
      number: pull.number,
      headRef: pull.head.ref.slice(0, 255),
      baseRef: pull.base.ref.slice(0, 255),
      comment: comment.id,
      author: comment.author,
      target: { tip: pull.base.sha, fork: pull.base.mergeBase },
    },
    commit: pull.head.sha,
    base,
    quick,
    memoryBytes: enrolment.memoryBytes ?? settings.runMemoryBytes,
    deadlineMs: settings.runDeadlineMs,
  }
}

function said(decision: Decision, head: string, reply: Reply | null): Conclusion {
  return { decision, head, reply, run: null, request: null }
}
