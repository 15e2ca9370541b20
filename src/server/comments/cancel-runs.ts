import type { Clock } from '../../lib/async/clock.ts'
import type { CommentEvent } from '../contract/forge.ts'
import type { Publisher } from '../contract/services.ts'
import type { RunRow, Store } from '../contract/store.ts'
import type { Reply } from '../publishing/replies.ts'

interface CancelDeps {
  readonly store: Store
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly clock: Clock
}

/**
 * Cancels the runs that the pull request had when the comment was written. Idempotent for one comment: runs that it cancelled before are
 * reported again, runs that were requested after it are left alone.
 */
export async function cancelRuns({ store, publisher, clock }: CancelDeps, event: CommentEvent): Promise<Reply> {
  const { repository, pull, author, id } = event.comment
  const reason = `cancelled by ${author} in comment ${id}`
  const active = await store.runs({ repository, pull, state: ['queued', 'running'], limit: 100 })
  const ended = await store.runs({ repository, pull, state: ['cancelled', 'done', 'error'], limit: 20 })
  const runs = ended.filter((row) => row.cancelReason === reason).map((row) => row.request.id)
  for (const { request } of active.filter((row) => wasRequestedBefore(row, event))) {
    const result = await store.cancel(request.id, reason, clock.now())
    if (result === 'ended' || result === 'unknown') continue
    runs.push(request.id)
    const row = await store.run(request.id)
    if (row) await publisher.runChanged(row)
  }
  return runs.length > 0 ? { kind: 'cancelled', runs, by: author } : { kind: 'nothing-to-cancel' }
}

/** Comment ids rise with time; a run that no comment requested compares by whole seconds, and only where the comment may be old. */
function wasRequestedBefore({ request }: RunRow, { comment, head }: CommentEvent): boolean {
  const requestedBy = request.pull?.comment ?? null
  if (requestedBy !== null) return requestedBy < comment.id
  return head !== null || Math.floor(Date.parse(request.at) / 1000) <= Math.floor(Date.parse(comment.createdAt) / 1000)
}
