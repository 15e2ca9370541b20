import type { Logger } from 'pino'
import { debugLog } from '../../lib/debug.ts'
import { messageOf } from '../../lib/errors.ts'
import { isUnavailable } from '../contract/errors.ts'
import type { CommentEvent, Forge, ForgeComment } from '../contract/forge.ts'
import type { Store } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'

interface PollDeps {
  readonly store: Store
  readonly forge: Forge
  readonly log: Pick<Logger, 'warn'>
}

/** True: this call decided the comment. */
type Handle = (event: CommentEvent) => Promise<boolean>

/** A comment may become visible a moment after the second in its timestamp. */
const OVERLAP_MS = 10_000

const debug = debugLog('comments')

/**
 * One round over all enrollments, each from its cursor; gives how many comments were decided. A failure of one repository is logged and the next
 * round tries again. A forge or database that is unavailable ends the round by throwing, and the next round starts after the enrollment where this
 * one ended: one that always times out does not block the others.
 */
export function createPoller(deps: PollDeps, handle: Handle): (signal: AbortSignal) => Promise<number> {
  const seen = new HighWaterMark()
  let last: string | null = null
  return async (signal) => {
    let count = 0
    const all = await deps.store.enrollments()
    const next = all.findIndex(({ name }) => name === last) + 1
    for (const enrollment of [...all.slice(next), ...all.slice(0, next)]) {
      if (signal.aborted) break
      last = enrollment.name
      count += await pollEnrollment(deps, handle, { enrollment, seen, signal })
    }
    if (!signal.aborted) last = null
    return count
  }
}

/**
 * The cursor is one round behind: where repositories are listed first and read afterwards, only comments that were seen before the listing began
 * are certainly handled. Times are the forge's.
 */
async function pollEnrollment(
  { store, forge, log }: PollDeps,
  handle: Handle,
  round: { readonly enrollment: Enrollment; readonly seen: HighWaterMark; readonly signal: AbortSignal },
): Promise<number> {
  const { enrollment, seen, signal } = round
  const { name } = enrollment
  const cursor = (await store.cursor(name)) ?? enrollment.at
  const since = new Date(Date.parse(cursor) - OVERLAP_MS).toISOString()
  const before = seen.of(name)
  const found: ForgeComment[] = []
  let count = 0
  let failed = false
  const onError = (error: unknown, where: object) => {
    if (isUnavailable(error)) throw error
    failed = true
    log.warn({ enrollment: name, ...where, error: messageOf(error) }, 'poll failed; will retry')
  }

  const repositories = await repositoriesToPoll(forge, name, since).catch((error) => {
    onError(error, {})
    return []
  })
  for (const repository of repositories) {
    const comments = await forge.commentsSince(repository, since).catch((error) => {
      onError(error, { repository })
      return []
    })
    debug('repository polled', { repository, since, comments: comments.length })
    for (const comment of comments) {
      if (signal.aborted) return count
      await handle({ comment, head: null }).then(
        (decided) => {
          count += decided ? 1 : 0
        },
        (error) => onError(error, { repository, pull: comment.pull, comment: comment.id }),
      )
    }
    found.push(...comments)
  }
  if (failed || signal.aborted) return count
  if (before !== null && Date.parse(before) > Date.parse(cursor)) await store.setCursor(name, before)
  seen.observe(name, found)
  return count
}

/** A repository is itself; an organisation is its repositories with something new on an open pull request. */
async function repositoriesToPoll(forge: Forge, name: string, since: string): Promise<readonly string[]> {
  if (name.includes('/')) return [name]
  const pulls = await forge.activePulls(name, since)
  return [...new Set(pulls.map(({ repository }) => repository))]
}

/** The newest change that complete rounds have seen, for each enrollment. In memory only. */
class HighWaterMark {
  readonly #at = new Map<string, string>()

  of(name: string): string | null {
    return this.#at.get(name) ?? null
  }

  observe(name: string, comments: readonly Pick<ForgeComment, 'updatedAt'>[]): void {
    for (const { updatedAt } of comments) {
      const known = this.#at.get(name)
      if (known === undefined || Date.parse(updatedAt) > Date.parse(known)) this.#at.set(name, updatedAt)
    }
  }
}
