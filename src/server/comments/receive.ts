import { KeyedMutex } from '../../lib/async/keyed-mutex.ts'
import { debugLog } from '../../lib/debug.ts'
import type { CommentEvent } from '../contract/forge.ts'
import type { CommentReceiver } from '../contract/services.ts'
import { type CommentDeps, handleComment } from './handle-comment.ts'
import { createPoller } from './poll.ts'

const debug = debugLog('comments')

/**
 * Takes comments from webhooks and from polling to decisions. Comments of one pull request are handled one after the other; the same comment,
 * delivered many times at once, is handled once.
 */
export function createCommentReceiver(deps: CommentDeps): CommentReceiver {
  const mutex = new KeyedMutex()
  const inProgress = new Map<string, Promise<boolean>>()

  const handleOnce = (event: CommentEvent, source: 'hook' | 'poll'): Promise<boolean> => {
    const { repository, pull, id } = event.comment
    const key = `${repository.toLowerCase()}#${id}`
    const same = inProgress.get(key)
    if (same) return same.then(() => false)
    const mine = mutex.run(`${repository.toLowerCase()}#${pull}`, () => handleComment(deps, event, source))
    const leave = () => inProgress.delete(key)
    inProgress.set(key, mine)
    mine.then(leave, leave)
    debug('comment received', { repository, pull, comment: id, source })
    return mine
  }

  return {
    async receive(event) {
      await handleOnce(event, 'hook')
    },
    poll: createPoller(deps, (event) => handleOnce(event, 'poll')),
  }
}
