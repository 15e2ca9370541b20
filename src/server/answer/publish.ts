import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { pauseAfter } from '../../lib/retry.ts'
import { ForgeError, isStoreUnavailable } from '../contract/errors.ts'
import type { Forge } from '../contract/forge.ts'
import type { Answer, DueAnswer, Store } from '../contract/store.ts'
import { CONTEXT, MARKER } from './words.ts'

const AT_ONCE = 20
/** An answer is one publisher's for so long: longer than any call to the forge may take. */
const HOLD_MS = 60_000
/** No answer is begun when so much of that is over. */
const BEGIN_MS = 15_000
const LONGEST_WAIT_MS = 600_000
const BACKOFF = { firstMs: 1_000, longestMs: LONGEST_WAIT_MS }
/** An answer that the forge refuses, or answers with what nobody understands, is given up after so many tries: a day and more. */
const REFUSALS = 150

export interface PublishParts {
  readonly store: Store
  readonly forge: Forge
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Sends what is due now, one after another. Never throws for the forge: what it did not take is due again later, and what a slow forge left
 * no time for is let go of: another publisher may soon be handed it.
 */
export async function publishDue(parts: PublishParts, signal: AbortSignal): Promise<void> {
  const { store, clock } = parts
  const began = clock.now()
  for (const due of await store.due(began, AT_ONCE, HOLD_MS)) {
    const took = Math.abs(clock.now() - began)
    if (!signal.aborted && took <= BEGIN_MS) await publishOne(parts, due)
    else if (took < HOLD_MS) await store.postpone(due.key, clock.now())
  }
}

async function publishOne({ store, forge, clock, log }: PublishParts, due: DueAnswer): Promise<void> {
  try {
    const remoteId = await send(forge, due)
    await store.answered(due.key, due.version, remoteId)
  } catch (error) {
    if (isStoreUnavailable(error)) throw error
    if (!(error instanceof ForgeError)) {
      log.error({ answer: due.key, error: messageOf(error) }, 'an answer could not be sent')
      return store.postpone(due.key, clock.now() + LONGEST_WAIT_MS)
    }
    const facts = { answer: due.key, error: error.message, tries: due.tries + 1 }
    if (error.code === 'forge-missing') {
      log.warn(facts, 'an answer has no place any more')
      return store.postpone(due.key, 'forget')
    }
    if (error.code !== 'forge-gone' && due.tries >= REFUSALS) {
      log.error(facts, 'an answer is given up: the forge does not take it')
      return store.postpone(due.key, 'forget')
    }
    const waitMs =
      error.code === 'forge-refused'
        ? LONGEST_WAIT_MS
        : Math.max(error.retryAfterMs ?? 0, pauseAfter(due.tries + 1, BACKOFF))
    if (error.code === 'forge-refused') log.error({ ...facts, waitMs }, 'the forge refuses an answer')
    else log.warn({ ...facts, waitMs }, 'the forge did not take an answer')
    await store.postpone(due.key, clock.now() + waitMs)
  }
}

async function send(forge: Forge, { answer, remoteId }: DueAnswer): Promise<number | null> {
  if (answer.kind === 'comment') return sendComment(forge, answer, remoteId)
  const { repository, commit, state, description, url } = answer
  const wanted = { context: CONTEXT, state, description, url }
  const there = await forge.latestStatus(repository, commit, CONTEXT)
  const isThere = there?.state === state && there.description === description && there.url === url
  if (!isThere) await forge.setStatus(repository, commit, wanted)
  return null
}

/** Our comment by its id, else by its marker, else a new one: a crash between making it and noting its id doubles nothing. */
async function sendComment(
  forge: Forge,
  { repository, pull, body }: Extract<Answer, { kind: 'comment' }>,
  remoteId: number | null,
): Promise<number> {
  if (remoteId !== null && (await forge.editComment(repository, remoteId, body))) return remoteId
  const found = await forge.findComment(repository, pull, MARKER)
  if (found?.body === body) return found.id
  if (found && (await forge.editComment(repository, found.id, body))) return found.id
  return forge.addComment(repository, pull, body)
}
