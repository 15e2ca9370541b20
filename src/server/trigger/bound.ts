import type { Forge, ForgePull } from '../contract/forge.ts'
import type { CommentEvent } from '../contract/services.ts'
import type { Reply } from './replies.ts'

/**
 * Why today's head is not what the comment asked for; null: it is. A commit that was named must be the head. Else the head must be the one that the
 * commenter saw: the webhook names it; a comment that was polled asks whether anything was pushed since (the head was read before, so that a push
 * in between refuses). Within the comment's own second the forge says "pushed" unless it knows better. Throws ForgeError.
 */
export async function whyNotHead(
  forge: Pick<Forge, 'pushedSince'>,
  { comment, head }: CommentEvent,
  asked: string | null,
  pull: ForgePull,
): Promise<Reply | null> {
  const today = pull.head.sha
  if (asked !== null) return today.startsWith(asked) ? null : { kind: 'wrong-sha', head: today, asked }
  if (head !== null) return head === today ? null : { kind: 'pushed-after', head: today, commented: head }
  const pushed = await forge.pushedSince(comment.repository, comment.pull, comment.createdAt)
  return pushed === null ? null : { kind: 'pushed-after', head: today, commented: null }
}
