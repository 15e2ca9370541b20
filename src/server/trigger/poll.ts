import { messageOf } from '../../lib/errors.ts'
import { isUnavailable } from '../contract/errors.ts'
import type { ForgeComment } from '../contract/forge.ts'
import type { CommentEvent } from '../contract/services.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import { Newest } from './newest.ts'
import type { TriggerParts } from './parts.ts'

type Parts = Pick<TriggerParts, 'store' | 'forge' | 'log'>
type Decide = (event: CommentEvent) => Promise<boolean>

/** A comment may show up a moment after the second it is stamped with. */
const OVERLAP_MS = 10_000

/**
 * A round over all enrolments from each one's cursor; gives how many comments were decided. What one repository does wrong is logged and met again
 * in the next round; a forge or database that is gone ends the round by throwing, and the next begins after the enrolment where this one ended:
 * one that never answers in time keeps nobody else waiting.
 */
export function poller(parts: Parts, decide: Decide): (signal: AbortSignal) => Promise<number> {
  const newest = new Newest()
  let last: string | null = null
  return async (signal) => {
    let count = 0
    const all = await parts.store.enrollments()
    const next = all.findIndex(({ name }) => name === last) + 1
    for (const enrolment of [...all.slice(next), ...all.slice(0, next)]) {
      if (signal.aborted) break
      last = enrolment.name
      count += await pollOne(parts, decide, { enrolment, newest, signal })
    }
    if (!signal.aborted) last = null
    return count
  }
}

/**
 * The cursor follows one round behind: where repositories are listed first and read afterwards, only what was seen before the listing began is surely
 * behind us. It counts by the forge's own clock.
 */
async function pollOne(
  { store, forge, log }: Parts,
  decide: Decide,
  round: { readonly enrolment: Enrollment; readonly newest: Newest; readonly signal: AbortSignal },
): Promise<number> {
  const { enrolment, newest, signal } = round
  const { name } = enrolment
  const cursor = (await store.cursor(name)) ?? enrolment.at
  const since = new Date(Date.parse(cursor) - OVERLAP_MS).toISOString()
  const before = newest.of(name)
  const seen: ForgeComment[] = []
  let count = 0
  let failed = false
  const skip = (error: unknown, where: object) => {
    if (isUnavailable(error)) throw error
    failed = true
    log.warn({ enrolment: name, ...where, error: messageOf(error) }, 'not polled, next round again')
  }

  const repositories = await listed(forge, name, since).catch((error) => {
    skip(error, {})
    return []
  })
  for (const repository of repositories) {
    const comments = await forge.commentsSince(repository, since).catch((error) => {
      skip(error, { repository })
      return []
    })
    for (const comment of comments) {
      if (signal.aborted) return count
      await decide({ comment, head: null }).then(
        (own) => {
          count += own ? 1 : 0
        },
        (error) => skip(error, { repository, pull: comment.pull, comment: comment.id }),
      )
    }
    seen.push(...comments)
  }
  if (failed || signal.aborted) return count
  if (before !== null && Date.parse(before) > Date.parse(cursor)) await store.setCursor(name, before)
  newest.saw(name, seen)
  return count
}

/** A repository is itself; an organisation is its repositories with something new on an open pull request. */
async function listed(forge: Parts['forge'], name: string, since: string): Promise<readonly string[]> {
  if (name.includes('/')) return [name]
  const pulls = await forge.activePulls(name, since)
  return [...new Set(pulls.map(({ repository }) => repository))]
}
