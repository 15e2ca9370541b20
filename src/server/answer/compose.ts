import type { CommentAnswer, KeptReply, RunRow } from '../contract/store.ts'
import { MARKER } from './words.ts'

/** Our one comment: what somebody was told last on top of what the newest run says. */
export function composed(
  where: { readonly repository: string; readonly pull: number },
  { run, reply }: { readonly run: string | null; readonly reply: KeptReply | null },
): CommentAnswer {
  const { repository, pull } = where
  const parts = [reply?.text, run].filter((part) => part != null)
  return { kind: 'comment', repository, pull, body: `${MARKER}\n${parts.join('\n\n---\n\n')}`, run, reply }
}

/**
 * Whether a reply still has to be read beside this run, the newest of its pull request. One to a comment that came before the run was asked for is
 * answered by the run; one that speaks of a run that goes on is true until that ends. Comments are numbered in their order.
 */
export function isToBeRead(reply: KeptReply, { request, state }: RunRow): boolean {
  if (reply.until === request.id && state !== 'queued' && state !== 'running') return false
  const asked = request.pull?.comment ?? null
  if (asked !== null && reply.comment !== null) return reply.comment > asked
  return Date.parse(reply.at) >= Date.parse(request.at)
}
