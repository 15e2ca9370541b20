import type { Clock } from '../../lib/async/clock.ts'
import { formatSize } from '../../lib/text/size.ts'
import { markdownText } from '../../report/run/markdown.ts'
import { cut, oneLine } from '../../report/text/plain-text.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import { serverMasker } from '../secrets.ts'
import { composeComment, maskedRow, runText } from './comment.ts'
import { ProgressWatch } from './progress.ts'

/** The answer to a comment that started no run. Commit ids have 40 hex digits, except `asked`. */
export type Reply =
  | { readonly kind: 'not-enrolled' }
  | { readonly kind: 'refused-stranger'; readonly login: string }
  /** The branch was pushed after the comment; `commented`: the head that the commenter saw, null where it is unknown. */
  | { readonly kind: 'pushed-after'; readonly head: string; readonly commented: string | null }
  | { readonly kind: 'wrong-sha'; readonly head: string; readonly requested: string }
  | { readonly kind: 'grammar'; readonly line: string }
  | { readonly kind: 'already-running'; readonly run: string }
  | { readonly kind: 'cancelled'; readonly runs: readonly string[]; readonly by: string }
  | { readonly kind: 'nothing-to-cancel' }
  /** Why an attribution would find out nothing. */
  | { readonly kind: 'why-not'; readonly reason: string }
  | { readonly kind: 'closed' }
  /** `upstream`: `ORG/REPO`, whose branch has the commit already. */
  | { readonly kind: 'already-upstream'; readonly upstream: string; readonly commit: string }
  | { readonly kind: 'too-big'; readonly memoryBytes: number; readonly largest: number }

/**
 * Replies to people on a pull request: each stays in our comment until something newer is requested. Idempotent: the same reply again changes
 * nothing. Throws what the store throws.
 */
export interface Replies {
  reply(
    to: {
      readonly repository: string
      readonly pull: number
      readonly login: string
      readonly head: string
      /** The comment that is answered; null where none is. */
      readonly comment: number | null
    },
    reply: Reply,
  ): Promise<void>
}

export interface RepliesDeps {
  readonly store: Store
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly memory: BaseMemory
}

/** Runs of a pull request among which the newest one with a verdict is looked for. */
const MOST_RUNS = 100
const MOST_REASON = 500
const COMMANDS = [
  '!testme',
  '!testme <commit>',
  '!testme --quick',
  '!testme --base <version>',
  '!testme --why',
  '!cancel',
] as const

export function createReplies(deps: RepliesDeps): Replies {
  const masker = serverMasker(deps.settings)
  return {
    async reply({ repository, pull, login, comment }, reply) {
      const { store, clock } = deps
      const text = masker.mask(replyText(maskedReply(reply, masker), masker.mask(login)))
      const until = untilOf(reply)
      const newest = (await store.runs({ repository, pull, limit: MOST_RUNS })).find(({ request }) => !request.why)
      const progress = new ProgressWatch(deps.settings.state, clock)
      const run = newest
        ? masker.mask(await runText({ ...deps, masker, progress }, maskedRow(newest, masker), clock.now()))
        : null
      const at = new Date(clock.now()).toISOString()
      await store.updateComment(repository, pull, (now) => {
        const same = now?.reply?.comment === comment && now.reply.text === text
        return same
          ? null
          : composeComment({ repository, pull }, { run: now?.run ?? run, reply: { comment, at, text, until } })
      })
    },
  }
}

/** Masks before the text is escaped or cut: afterwards a secret would no longer be recognised. */
export function maskedReply(reply: Reply, masker: { mask(text: string): string }): Reply {
  return reply.kind === 'grammar' ? { ...reply, line: masker.mask(reply.line) } : reply
}

/** Markdown. Names of people and text of theirs are escaped. */
export function replyText(reply: Reply, login: string): string {
  switch (reply.kind) {
    case 'not-enrolled':
      return 'This repository is not enrolled on this cc-ci server. An operator can enrol it with `cc-ci enroll ORG/REPO` or on the repositories page.'
    case 'refused-stranger':
      return `Thank you, ${markdownText(login)}. Only members of the organisation and people on the allow-list can start a run here. Please ask one of them to comment \`!testme\`.`
    case 'pushed-after': {
      const meant = reply.commented ? ` (it referred to \`${reply.commented.slice(0, 12)}\`)` : ''
      return `Not started: the branch was pushed after that comment${meant}. To test the current head, comment \`!testme ${reply.head.slice(0, 12)}\`.`
    }
    case 'wrong-sha':
      return `Not started: \`${reply.requested}\` is not the head of this pull request. To test the current head, comment \`!testme ${reply.head.slice(0, 12)}\`.`
    case 'grammar':
      return `Unknown command: ${markdownText(reply.line)}\n\nCommands, as the first line of a comment: ${COMMANDS.map((form) => `\`${form}\``).join(', ')}.`
    case 'already-running':
      return `Not started: run \`${reply.run}\` is already queued or running. To cancel it, comment \`!cancel\`.`
    case 'cancelled':
      return `Cancelled by ${markdownText(reply.by)}: ${reply.runs.map((run) => `\`${run}\``).join(', ')}.`
    case 'nothing-to-cancel':
      return 'Nothing to cancel: this pull request has no queued or running run.'
    case 'why-not':
      return `Not started: ${markdownText(cut(oneLine(reply.reason), MOST_REASON))}. \`!testme --why\` finds out why a pull request is red although its base is green.`
    case 'closed':
      return 'Not started: this pull request is closed.'
    case 'already-upstream':
      return `\`${reply.commit.slice(0, 12)}\` is already part of ${markdownText(reply.upstream)}, so there is nothing left to merge. This pull request was closed.`
    case 'too-big':
      return `Not started: a run of this repository needs ${formatSize(reply.memoryBytes)} of memory, and the largest worker has ${formatSize(reply.largest)}. An operator can enrol the repository with less memory, or add a larger worker.`
  }
}

/** The run that a reply describes as active. */
function untilOf(reply: Reply): string | null {
  if (reply.kind === 'already-running') return reply.run
  return reply.kind === 'cancelled' ? (reply.runs.at(-1) ?? null) : null
}
