import { Turns } from '../../lib/turns.ts'
import type { CommentEvent, Intake } from '../contract/services.ts'
import { decideComment } from './decide.ts'
import type { TriggerParts } from './parts.ts'
import { poller } from './poll.ts'

/**
 * Comments of webhooks and polls to decisions. Comments of one pull request are weighed one after the other; the same comment, delivered many times
 * at once, is weighed once for all.
 */
export function makeIntake(parts: TriggerParts): Intake {
  const turns = new Turns()
  const underWay = new Map<string, Promise<boolean>>()

  const decideOnce = (event: CommentEvent, by: 'hook' | 'poll'): Promise<boolean> => {
    const { repository, pull, id } = event.comment
    const key = `${repository.toLowerCase()}#${id}`
    const there = underWay.get(key)
    if (there) return there.then(() => false)
    const mine = turns.take(`${repository.toLowerCase()}#${pull}`, () => decideComment(parts, event, by))
    const leave = () => underWay.delete(key)
    underWay.set(key, mine)
    mine.then(leave, leave)
    return mine
  }

  return {
    async comment(event) {
      await decideOnce(event, 'hook')
    },
    poll: poller(parts, (event) => decideOnce(event, 'poll')),
  }
}
