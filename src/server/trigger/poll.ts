import type { Logger } from 'pino'
import { ForgeError } from '../contract/errors.ts'
import type { Forge, ForgeComment } from '../contract/forge.ts'
import type { CommentEvent } from '../contract/services.ts'
import type { Enrolment, Store } from '../contract/store.ts'

export interface PollParts {
  readonly store: Store
  readonly forge: Forge
  readonly log: Logger
  readonly comment: (event: CommentEvent) => Promise<void>
}

/**
 * Asks the forge what came since the last round, enrolment by enrolment. A cursor moves only past what was decided, so whatever fails is met again.
 * The time of the forge counts, and it is inclusive: what was seen in the cursor's second comes again and is known by its id.
 */
export async function pollOnce(parts: PollParts, signal: AbortSignal): Promise<number> {
  const { store, log } = parts
  let found = 0
  for (const enrolment of await store.enrolments()) {
    signal.throwIfAborted()
    try {
      found += await pollEnrolment(parts, enrolment, signal)
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code === 'forge-gone') throw error
      log.warn({ enrolment: enrolment.name, error: error.message }, 'an enrolment cannot be polled')
    }
  }
  return found
}

async function pollEnrolment(parts: PollParts, enrolment: Enrolment, signal: AbortSignal): Promise<number> {
  const { store, forge, comment } = parts
  const since = (await store.cursor(enrolment.name)) ?? enrolment.at
  const comments = enrolment.name.includes('/')
    ? await forge.commentsSince(enrolment.name, since)
    : await ofOrganisation(forge, enrolment.name, since)
  let found = 0
  for (const one of inOrder(comments)) {
    signal.throwIfAborted()
    const known = await store.decided(one.repository, one.id)
    if (!known) {
      await comment({ comment: one, head: null })
      if (await store.decided(one.repository, one.id)) found++
    }
  }
  const newest = comments
    .map(({ updatedAt }) => updatedAt)
    .sort()
    .at(-1)
  if (newest && Date.parse(newest) > Date.parse(since)) await store.setCursor(enrolment.name, newest)
  return found
}

/** Only repositories in which something happened are asked. */
async function ofOrganisation(forge: Forge, organisation: string, since: string): Promise<ForgeComment[]> {
  const active = await forge.activePulls(organisation, since)
  const repositories = [...new Set(active.map(({ repository }) => repository))]
  const lists = await Promise.all(repositories.map((repository) => forge.commentsSince(repository, since)))
  return lists.flat()
}

function inOrder(comments: readonly ForgeComment[]): readonly ForgeComment[] {
  return comments.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt) || a.id - b.id)
}
