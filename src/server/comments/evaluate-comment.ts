import type { Clock } from '../../lib/async/clock.ts'
import { newRunId } from '../../lib/ids.ts'
import type { CommentEvent, Forge, ForgePull } from '../contract/forge.ts'
import type { RunRequest } from '../contract/request.ts'
import type { Publisher } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Decision, RunRow, Store } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import { whyOffer, whyRequest } from '../memory/why.ts'
import type { Reply } from '../publishing/replies.ts'
import { isAuthorized, verifyHead } from './authorize.ts'
import { cancelRuns } from './cancel-runs.ts'
import type { Command } from './parse-command.ts'

export interface EvaluationDeps {
  readonly store: Store
  readonly forge: Forge
  readonly settings: Pick<ServerSettings, 'runMemoryBytes' | 'runDeadlineMs'>
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly memory: Pick<BaseMemory, 'against'>
  readonly clock: Clock
  /** Memory of the largest worker, in bytes; null while none is known: then no run is too big. */
  readonly largestWorker: () => Promise<number | null>
}

/** The decision about a comment. `head`: the current commit of the pull request, to which the reply belongs. */
export interface CommentOutcome {
  readonly decision: Decision
  readonly head: string
  readonly reply: Reply | null
  /** The run that was requested, or the one that made it needless. */
  readonly run: string | null
  readonly request: RunRequest | null
}

type RunCommand = Extract<Command, { kind: 'test' | 'why' }>
type TestCommand = Extract<Command, { kind: 'test' }>

/** Where a run was asked for. */
interface Target {
  readonly enrollment: Enrollment
  readonly pull: ForgePull
  /** Runs of the pull request, newest first. */
  readonly runs: readonly RunRow[]
}

/** Decides what a comment leads to. Idempotent: its only write is to cancel runs where the comment asks for it. Throws what Store and Forge throw. */
export async function evaluateComment(
  deps: EvaluationDeps,
  event: CommentEvent,
  command: Exclude<Command, { kind: 'none' }>,
  enrollment: Enrollment | null,
): Promise<CommentOutcome> {
  const { store, forge } = deps
  const { repository, pull: number, author } = event.comment
  if (!enrollment) {
    const head = event.head ?? (await forge.pull(repository, number)).head.sha
    return withoutRun('not-enrolled', head, { kind: 'not-enrolled' })
  }
  const authorized = await isAuthorized(forge, enrollment, event.comment)
  const pull = await forge.pull(repository, number)
  const head = pull.head.sha
  if (!authorized) {
    const repeated = await store.wasRefused(repository, number, author)
    return withoutRun('refused', head, repeated ? null : { kind: 'refused-stranger', login: author })
  }
  if (command.kind === 'grammar') return withoutRun('grammar', head, command)
  if (command.kind === 'cancel') return withoutRun('cancel', head, await cancelRuns(deps, event))
  const runs = await store.runs({ repository: pull.repository, pull: pull.number, limit: 100 })
  return evaluateRun(deps, event, command, { enrollment, pull, runs })
}

async function evaluateRun(
  deps: EvaluationDeps,
  event: CommentEvent,
  command: RunCommand,
  target: Target,
): Promise<CommentOutcome> {
  const { pull, runs } = target
  const head = pull.head.sha
  const own = runs.find(({ request }) => request.pull?.comment === event.comment.id)
  if (own) return { decision: 'run', head, reply: null, run: own.request.id, request: null }
  if (pull.state === 'closed') return withoutRun('refused', head, { kind: 'closed' })
  const mismatch = await verifyHead(deps.forge, event, command.commit, pull)
  if (mismatch) return withoutRun('refused', head, mismatch)
  return command.kind === 'why' ? evaluateWhy(deps, event, target) : evaluateTest(deps, event, command, target)
}

async function evaluateTest(
  deps: EvaluationDeps,
  event: CommentEvent,
  command: TestCommand,
  target: Target,
): Promise<CommentOutcome> {
  const { pull, runs } = target
  const head = pull.head.sha
  const request = requestFor(deps, event, command, target)
  const duplicate = runs.find((row) => makesNeedless(row, request, event.comment.id))
  if (duplicate) return inFavourOf(duplicate, head)
  return (await tooBig(deps, head, request.memoryBytes)) ?? requested(request, head)
}

/** `!testme --why`: an attribution of the newest red run of the head, or why there is nothing to find out. */
async function evaluateWhy(
  deps: EvaluationDeps,
  { comment }: CommentEvent,
  { enrollment, pull, runs }: Target,
): Promise<CommentOutcome> {
  const { memory, settings, clock } = deps
  const head = pull.head.sha
  const active = runs.find((row) => isActive(row))
  if (active) return inFavourOf(active, head)
  const red = runs.find(({ request }) => !request.why && request.commit === head)
  const offer = red && whyOffer(red, await memory.against(red))
  if (!red || offer?.kind !== 'offered') {
    const reason = offer?.kind === 'not' ? offer.reason : 'this commit was not judged yet'
    return withoutRun('refused', head, { kind: 'why-not', reason })
  }
  const memoryBytes = memoryOf(deps, enrollment)
  const refused = await tooBig(deps, head, memoryBytes)
  if (refused) return refused
  const { runDeadlineMs } = settings
  const order = { by: comment.author, comment: comment.id, memoryBytes, runDeadlineMs, now: clock.now() }
  return requested(whyRequest(red, offer.why, order), head)
}

/** An attribution makes no run needless. An active run does that has the same parameters, or was requested by a newer comment: comment ids rise with time. */
function makesNeedless(row: RunRow, request: RunRequest, comment: number): boolean {
  const other = row.request
  if (other.why || !isActive(row)) return false
  if ((other.pull?.comment ?? 0) > comment) return true
  return other.commit === request.commit && other.base === request.base && other.quick === request.quick
}

function isActive({ state, cancelAskedAt }: RunRow): boolean {
  return (state === 'queued' || state === 'running') && cancelAskedAt === null
}

function requestFor(
  deps: EvaluationDeps,
  { comment }: CommentEvent,
  { quick, base }: TestCommand,
  { enrollment, pull }: Target,
): RunRequest {
  const now = deps.clock.now()
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
    memoryBytes: memoryOf(deps, enrollment),
    deadlineMs: deps.settings.runDeadlineMs,
  }
}

function memoryOf({ settings }: EvaluationDeps, { memoryBytes }: Enrollment): number {
  return memoryBytes ?? settings.runMemoryBytes
}

async function tooBig(deps: EvaluationDeps, head: string, memoryBytes: number): Promise<CommentOutcome | null> {
  const largest = await deps.largestWorker()
  if (largest === null || memoryBytes <= largest) return null
  return withoutRun('refused', head, { kind: 'too-big', memoryBytes, largest })
}

function requested(request: RunRequest, head: string): CommentOutcome {
  return { decision: 'run', head, reply: null, run: request.id, request }
}

function inFavourOf({ request: { id } }: RunRow, head: string): CommentOutcome {
  return { ...withoutRun('ignored', head, { kind: 'already-running', run: id }), run: id }
}

function withoutRun(decision: Decision, head: string, reply: Reply | null): CommentOutcome {
  return { decision, head, reply, run: null, request: null }
}
