import type { CommentEvent } from '../contract/services.ts'
import type { DecidedComment, RunRow } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import { asItStands } from './as-it-stands.ts'
import { commandOf } from './command.ts'
import { type Conclusion, conclude } from './conclude.ts'
import type { TriggerParts } from './parts.ts'
import { isSameLogin } from './who.ts'

/**
 * Decides one comment, and says whether it was this call that did. Talk is not stored. A reply is wanted before the decision, or that a
 * stranger was refused, is written: a crash between says the same again, the other order would say nothing for ever. What a run looks like
 * is wanted after it exists; the poll that meets its comment again makes up for a crash there.
 */
export async function decideComment(parts: TriggerParts, told: CommentEvent, by: 'hook' | 'poll'): Promise<boolean> {
  const { store, forge, replies, log } = parts
  if (commandOf(told).kind === 'none' || told.comment.author === '') return false
  const known = await store.decided(told.comment.repository, told.comment.id)
  if (known) {
    if (by === 'poll') await showAgain(parts, known)
    return false
  }
  if (isSameLogin(told.comment.author, await forge.self())) return false
  const event = by === 'poll' ? told : await asItStands(parts, told)
  if (!event) return false
  const { comment } = event
  const command = commandOf(event)
  if (command.kind === 'none') return false
  const enrolment = await store.enrollmentOf(comment.repository)
  if (enrolment && isOlder(comment.createdAt, enrolment)) return false
  const conclusion = await conclude(parts, event, command, enrolment)
  if (conclusion.reply) await replies.reply({ ...placeOf(event), head: conclusion.head }, conclusion.reply)
  if (conclusion.reply?.kind === 'refused-stranger') {
    await store.firstRefusal(comment.repository, comment.pull, comment.author)
  }
  const { decision, run, request } = conclusion
  const { first, superseded, newer } = await store.decide(
    { repository: comment.repository, comment: comment.id, decision, at: comment.createdAt, run },
    request,
  )
  if (!first) return false
  const place = { repository: comment.repository, pull: comment.pull, comment: comment.id }
  if (newer) {
    log.info({ ...place, decision: 'ignored', run: newer.request.id }, 'comment decided: a newer one was served first')
    return true
  }
  log.info({ ...place, decision, run }, 'comment decided')
  await show(parts, conclusion, superseded)
  return true
}

/** What was superseded first, so that the new run has the last word. */
async function show({ store, answers }: TriggerParts, { decision, run }: Conclusion, superseded: readonly RunRow[]) {
  for (const row of superseded) await answers.runChanged(row)
  const made = decision === 'run' && run !== null ? await store.run(run) : null
  if (made) await answers.runChanged(made)
}

async function showAgain({ store, answers }: TriggerParts, known: DecidedComment) {
  if (known.decision !== 'run' || known.run === null) return
  const row = await store.run(known.run)
  if (row?.state === 'queued') await answers.runChanged(row)
}

/** The forge tells whole seconds: a comment of the enrolment's own second counts. */
function isOlder(createdAt: string, { at }: Enrollment): boolean {
  return Math.floor(Date.parse(createdAt) / 1000) < Math.floor(Date.parse(at) / 1000)
}

function placeOf({ comment: { repository, pull, author, id } }: CommentEvent) {
  return { repository, pull, login: author, comment: id }
}
