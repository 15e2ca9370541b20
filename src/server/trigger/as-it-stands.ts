import type { CommentEvent } from '../contract/services.ts'
import type { TriggerParts } from './parts.ts'
import { isSameLogin } from './who.ts'

/**
 * What the forge itself says of a comment that a webhook told of. Whoever has the secret can sign any payload: who wrote what, and where, counts as
 * the forge has it. Null: it is not there (any more), or was written by another or elsewhere. One that says something else now was edited: it is
 * like one that was polled. Throws ForgeError.
 */
export async function asItStands(
  { forge, log }: Pick<TriggerParts, 'forge' | 'log'>,
  { comment, head }: CommentEvent,
): Promise<CommentEvent | null> {
  const { repository, pull, id } = comment
  const there = await forge.comment(repository, id)
  if (there && there.pull === pull && isSameLogin(there.author, comment.author)) {
    return { comment: { ...there, repository }, head: there.body === comment.body ? head : null }
  }
  log.warn(
    {
      repository,
      pull,
      comment: id,
      author: comment.author,
      there: there && { pull: there.pull, author: there.author },
    },
    'a webhook told of a comment that the forge does not have so',
  )
  return null
}
