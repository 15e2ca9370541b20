import type { Logger } from 'pino'
import type { CommentEvent } from '../contract/forge.ts'
import type { DecidedComment, RunRow } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import type { Replies } from '../publishing/replies.ts'
import { isSameLogin, refetchComment } from './authorize.ts'
import { type CommentOutcome, type EvaluationDeps, evaluateComment } from './evaluate-comment.ts'
import { commandOf } from './parse-command.ts'

export interface CommentDeps extends EvaluationDeps {
  readonly replies: Replies
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/**
 * Decides one comment. True: this call decided it. Comments without a command are not stored. The reply, and that a stranger was refused, are
 * written before the decision: after a crash in between the same reply is written again, while the other order could lose it. The status of a run
 * is published after the run exists; if a crash prevents that, the next poll that finds the comment publishes it.
 */
export async function handleComment(
  deps: CommentDeps,
  received: CommentEvent,
  source: 'hook' | 'poll',
): Promise<boolean> {
  const { store, forge, replies, log } = deps
  if (commandOf(received).kind === 'none' || received.comment.author === '') return false
  const decided = await store.decided(received.comment.repository, received.comment.id)
  if (decided) {
    if (source === 'poll') await publishQueuedRun(deps, decided)
    return false
  }
  if (isSameLogin(received.comment.author, await forge.self())) return false
  const event = source === 'poll' ? received : await refetchComment(deps, received)
  if (!event) return false
  const { comment } = event
  const command = commandOf(event)
  if (command.kind === 'none') return false
  const enrollment = await store.enrollmentOf(comment.repository)
  if (enrollment && isOlder(comment.createdAt, enrollment)) return false
  const outcome = await evaluateComment(deps, event, command, enrollment)
  const { repository, pull, author, id } = comment
  if (outcome.reply) {
    await replies.reply({ repository, pull, login: author, comment: id, head: outcome.head }, outcome.reply)
  }
  if (outcome.reply?.kind === 'refused-stranger') await store.firstRefusal(repository, pull, author)
  const { decision, run, request } = outcome
  const { first, superseded, newer } = await store.decide(
    { repository, comment: id, decision, at: comment.createdAt, run },
    request,
  )
  if (!first) return false
  const fields = { repository, pull, comment: id }
  if (newer) {
    log.info({ ...fields, decision: 'ignored', run: newer.request.id }, 'comment ignored: a newer comment has a run')
    return true
  }
  log.info({ ...fields, decision, run }, 'comment decided')
  await publishRuns(deps, outcome, superseded)
  return true
}

/** Superseded runs first, so that the new run is published last. */
async function publishRuns(
  { store, publisher }: CommentDeps,
  { decision, run }: CommentOutcome,
  superseded: readonly RunRow[],
): Promise<void> {
  for (const row of superseded) await publisher.runChanged(row)
  const row = decision === 'run' && run !== null ? await store.run(run) : null
  if (row) await publisher.runChanged(row)
}

async function publishQueuedRun({ store, publisher }: CommentDeps, { decision, run }: DecidedComment): Promise<void> {
  if (decision !== 'run' || run === null) return
  const row = await store.run(run)
  if (row?.state === 'queued') await publisher.runChanged(row)
}

/** The forge reports whole seconds: a comment of the same second as the enrollment counts. */
function isOlder(createdAt: string, { at }: Enrollment): boolean {
  return Math.floor(Date.parse(createdAt) / 1000) < Math.floor(Date.parse(at) / 1000)
}
