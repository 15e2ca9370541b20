import type { Logger } from 'pino'
import type { CommentEvent, Forge, ForgePull } from '../contract/forge.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import type { Reply } from '../publishing/replies.ts'

/**
 * The comment as the forge has it. Whoever has the webhook secret can sign any payload, so author and place count as the forge reports them.
 * Null: the comment does not exist (any more), or has another author or place. Where its text differs it was edited, and counts like one that
 * was polled: without the head that the webhook named. Throws ForgeError.
 */
export async function refetchComment(
  { forge, log }: { readonly forge: Pick<Forge, 'comment'>; readonly log: Pick<Logger, 'warn'> },
  { comment, head }: CommentEvent,
): Promise<CommentEvent | null> {
  const { repository, pull, id } = comment
  const found = await forge.comment(repository, id)
  if (found && found.pull === pull && isSameLogin(found.author, comment.author)) {
    return { comment: { ...found, repository }, head: found.body === comment.body ? head : null }
  }
  log.warn(
    {
      repository,
      pull,
      comment: id,
      author: comment.author,
      found: found && { pull: found.pull, author: found.author },
    },
    'webhook payload does not match the forge; ignoring',
  )
  return null
}

/** A member of the repository's organisation, the person who owns it, or a login on the allow-list. Logins compare without case. Throws ForgeError. */
export async function isAuthorized(
  forge: Pick<Forge, 'isMember'>,
  enrollment: Enrollment,
  comment: { readonly repository: string; readonly author: string },
): Promise<boolean> {
  if (enrollment.allow.some((login) => isSameLogin(login, comment.author))) return true
  const [organisation = ''] = comment.repository.split('/')
  return isSameLogin(organisation, comment.author) || forge.isMember(organisation, comment.author)
}

/**
 * Null: the current head is the one that the comment asked for; else the reply that says why not. A commit that the comment names must be the head.
 * Else the head must be the one that the commenter saw: the webhook names it; for a comment that was polled the forge says whether anything was
 * pushed since. The caller has read `pull` before, so that a push in between refuses. Within the comment's own second the forge says "pushed"
 * unless it knows better. Throws ForgeError.
 */
export async function verifyHead(
  forge: Pick<Forge, 'pushedSince'>,
  { comment, head }: CommentEvent,
  named: string | null,
  pull: ForgePull,
): Promise<Reply | null> {
  const current = pull.head.sha
  if (named !== null) return current.startsWith(named) ? null : { kind: 'wrong-sha', head: current, requested: named }
  if (head !== null) return head === current ? null : { kind: 'pushed-after', head: current, commented: head }
  const pushed = await forge.pushedSince(comment.repository, comment.pull, comment.createdAt)
  return pushed === null ? null : { kind: 'pushed-after', head: current, commented: null }
}

export function isSameLogin(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
