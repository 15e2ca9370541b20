import type { Clock } from '../../lib/clock.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import { serverMasker } from '../http/secrets.ts'
import type { Replies } from '../trigger/replies.ts'
import { commentText } from './comment.ts'
import { maskedReply, maskedRow } from './masked.ts'
import { replyText } from './words.ts'

export interface RepliesParts {
  readonly store: Store
  readonly settings: ServerSettings
  readonly clock: Clock
}

export function makeReplies(parts: RepliesParts): Replies {
  const masker = serverMasker(parts.settings)
  return {
    async reply({ repository, pull, login }, reply) {
      const { store, clock } = parts
      const [newest] = await store.runs({ repository, pull, limit: 1 })
      const body = await commentText(
        { ...parts, masker },
        newest ? maskedRow(newest, masker) : null,
        replyText(maskedReply(reply, masker), masker.mask(login)),
        clock.now(),
      )
      await store.want({ kind: 'comment', repository, pull, body: masker.mask(body) })
    },
  }
}
