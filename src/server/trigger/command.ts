import type { CommentEvent } from '../contract/services.ts'
import { type Command, parseCommand, quoteLine } from './grammar.ts'

/** Created and updated are stamped one after the other; an edit of the next second is no edit. */
const STAMPS_MS = 1000

/**
 * What a comment asks for. One that was edited before anybody here saw it asks for nothing: others than its author may edit it, and what it said
 * first is unknown. It is answered like one that was not understood.
 */
export function commandOf({ comment, head }: CommentEvent): Command {
  const command = parseCommand(comment.body)
  const edited = head === null && Date.parse(comment.updatedAt) - Date.parse(comment.createdAt) > STAMPS_MS
  if (!edited || command.kind === 'none') return command
  return { kind: 'grammar', line: `${quoteLine(comment.body)} (edited: please write a new comment)` }
}
