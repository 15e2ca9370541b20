import type { CommentEvent } from '../contract/services.ts'
import type { RunRow } from '../contract/store.ts'
import type { TriggerParts } from './parts.ts'
import type { Reply } from './replies.ts'

type Parts = Pick<TriggerParts, 'store' | 'answers' | 'clock'>

/**
 * Cancels what the pull request had when the comment was written. May be repeated for one comment: what it cancelled before counts again, what was
 * asked for after it is left alone.
 */
export async function cancelRuns({ store, answers, clock }: Parts, event: CommentEvent): Promise<Reply> {
  const { repository, pull, author, id } = event.comment
  const reason = `cancelled by ${author} in comment ${id}`
  const active = await store.runs({ repository, pull, state: ['queued', 'running'], limit: 100 })
  const ended = await store.runs({ repository, pull, state: ['cancelled', 'done', 'error'], limit: 20 })
  const runs = ended.filter((row) => row.cancelReason === reason).map((row) => row.request.id)
  for (const { request } of active.filter((row) => wasBefore(row, event))) {
    const now = await store.cancel(request.id, reason, clock.now())
    if (now === 'ended' || now === 'unknown') continue
    runs.push(request.id)
    const row = await store.run(request.id)
    if (row) await answers.runChanged(row)
  }
  return runs.length > 0 ? { kind: 'cancelled', runs, by: author } : { kind: 'nothing-to-cancel' }
}

/** Comments are numbered in their order; a run that no comment asked for compares by whole seconds, and only where the comment may be old. */
function wasBefore({ request }: RunRow, { comment, head }: CommentEvent): boolean {
  const asked = request.pull?.comment ?? null
  if (asked !== null) return asked < comment.id
  return head !== null || Math.floor(Date.parse(request.at) / 1000) <= Math.floor(Date.parse(comment.createdAt) / 1000)
}
