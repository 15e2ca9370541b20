import type { Clock } from '../../lib/clock.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import { serverMasker } from '../secrets.ts'
import type { Replies, Reply } from '../trigger/replies.ts'
import { runText } from './comment.ts'
import { composed } from './compose.ts'
import { maskedReply, maskedRow } from './masked.ts'
import { ProgressWatch } from './progress.ts'
import { replyText } from './words.ts'

export interface RepliesParts {
  readonly store: Store
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly memory: BaseMemory
}

/** Runs of a pull request that are looked through for the newest one that judges. */
const KNOWN = 100

export function makeReplies(parts: RepliesParts): Replies {
  const masker = serverMasker(parts.settings)
  return {
    async reply({ repository, pull, login, comment }, reply) {
      const { store, clock } = parts
      const text = masker.mask(replyText(maskedReply(reply, masker), masker.mask(login)))
      const until = untilOf(reply)
      const newest = (await store.runs({ repository, pull, limit: KNOWN })).find(({ request }) => !request.why)
      const progress = new ProgressWatch(parts.settings.state, clock)
      const run = newest
        ? masker.mask(await runText({ ...parts, masker, progress }, maskedRow(newest, masker), clock.now()))
        : null
      const at = new Date(clock.now()).toISOString()
      await store.rewrite(repository, pull, (now) => {
        const same = now?.reply?.comment === comment && now.reply.text === text
        return same
          ? null
          : composed({ repository, pull }, { run: now?.run ?? run, reply: { comment, at, text, until } })
      })
    },
  }
}

/** The run that a reply speaks of as one that goes on. */
function untilOf(reply: Reply): string | null {
  if (reply.kind === 'already-running') return reply.run
  return reply.kind === 'cancelled' ? (reply.runs.at(-1) ?? null) : null
}
