import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import { pauseAfter } from '../../lib/async/retry.ts'
import { debugLog } from '../../lib/debug.ts'
import { messageOf } from '../../lib/errors.ts'
import { ForgeError, isStoreUnavailable } from '../contract/errors.ts'
import type { Forge } from '../contract/forge.ts'
import type { Notification, PendingNotification, Store } from '../contract/store.ts'
import { COMMENT_MARKER } from './comment.ts'
import { STATUS_CONTEXT } from './status.ts'

const debug = debugLog('publish')

const BATCH = 20
/** For how long one publisher owns a notification that it took: longer than any call to the forge may take. */
const HOLD_MS = 60_000
/** After this much of the hold no further notification is begun. */
const BEGIN_MS = 15_000
const LONGEST_WAIT_MS = 600_000
const BACKOFF = { firstMs: 1_000, longestMs: LONGEST_WAIT_MS }
/** A notification that the forge rejects, or answers with something unexpected, is dropped after so many tries: more than a day. */
const MOST_TRIES = 150

export interface OutboxDeps {
  readonly store: Store
  readonly forge: Forge
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Sends the notifications that are due, one after another. Never throws for an error of the forge: a notification that failed is due again later.
 * Where a slow forge left no time for the rest of the batch, the rest is released for another publisher.
 */
export async function sendPending(deps: OutboxDeps, signal: AbortSignal): Promise<void> {
  const { store, clock } = deps
  const began = clock.now()
  for (const pending of await store.takePending(began, BATCH, HOLD_MS)) {
    const tookMs = Math.abs(clock.now() - began)
    if (!signal.aborted && tookMs <= BEGIN_MS) await sendOne(deps, pending)
    else if (tookMs < HOLD_MS) await store.postpone(pending.key, clock.now())
  }
}

async function sendOne({ store, forge, clock, log }: OutboxDeps, pending: PendingNotification): Promise<void> {
  const { key } = pending
  try {
    const remoteId = await send(forge, pending)
    await store.markPublished(key, pending.version, remoteId)
    debug('notification published', { notification: key, version: pending.version, tries: pending.tries + 1 })
  } catch (error) {
    if (isStoreUnavailable(error)) throw error
    if (!(error instanceof ForgeError)) {
      log.error({ notification: key, error: messageOf(error) }, 'sending a notification failed')
      return store.postpone(key, clock.now() + LONGEST_WAIT_MS)
    }
    const fields = { notification: key, error: error.message, tries: pending.tries + 1 }
    if (error.code === 'forge-missing') {
      log.warn(fields, 'comment target no longer exists; dropping notification')
      return store.postpone(key, 'forget')
    }
    if (error.code !== 'forge-gone' && pending.tries >= MOST_TRIES) {
      log.error(fields, 'giving up: forge rejected notification')
      return store.postpone(key, 'forget')
    }
    const waitMs =
      error.code === 'forge-refused'
        ? LONGEST_WAIT_MS
        : Math.max(error.retryAfterMs ?? 0, pauseAfter(pending.tries + 1, BACKOFF))
    if (error.code === 'forge-refused') log.error({ ...fields, waitMs }, 'forge rejected notification; will retry')
    else log.warn({ ...fields, waitMs }, 'forge did not accept notification; will retry')
    await store.postpone(key, clock.now() + waitMs)
  }
}

async function send(forge: Forge, { answer, remoteId }: PendingNotification): Promise<number | null> {
  if (answer.kind === 'comment') return sendComment(forge, answer, remoteId)
  const { repository, commit, state, description, url } = answer
  const desired = { context: STATUS_CONTEXT, state, description, url }
  const current = await forge.latestStatus(repository, commit, STATUS_CONTEXT)
  const isCurrent = current?.state === state && current.description === description && current.url === url
  if (!isCurrent) await forge.setStatus(repository, commit, desired)
  return null
}

/** Our comment by its id, else by its marker, else a new one: a crash between creating it and storing its id creates no second one. */
async function sendComment(
  forge: Forge,
  { repository, pull, body }: Extract<Notification, { kind: 'comment' }>,
  remoteId: number | null,
): Promise<number> {
  if (remoteId !== null && (await forge.editComment(repository, remoteId, body))) return remoteId
  const found = await forge.findComment(repository, pull, COMMENT_MARKER)
  if (found?.body === body) return found.id
  if (found && (await forge.editComment(repository, found.id, body))) return found.id
  return forge.addComment(repository, pull, body)
}
