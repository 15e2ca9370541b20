import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import type { Masker } from '../../../lib/masking/mask.ts'
import { runFolder } from '../../../lifecycle/run-folder.ts'
import type { RunRow, Store } from '../../contract/store.ts'
import { HttpError } from '../http-error.ts'
import { fileLink } from './file-link.ts'
import { type Change, RunFeed } from './run-feed.ts'

/** Pages that may be open on runs at a time: each holds a connection. One more is drawn when it is loaded, and says so. */
const MOST_FOLLOWERS = 300
/** How often the state of the run is asked for, and a proxy told that the connection lives. */
const STATE_MS = 1_000
const ALIVE_MS = 15_000
/** Parts that a browser has not taken yet: who is further behind is let go, and connects again for what is newest. */
const MOST_PENDING = 50

export interface LiveServices {
  readonly store: Pick<Store, 'run'>
  readonly state: string
  readonly masker: Pick<Masker, 'mask'>
  /** Aborted when the server stops: connections end. */
  readonly stopping: AbortSignal
}

/**
 * `/runs/:id/live?after=SEQ`: server-sent events. `part`: an element of the page is another as of event `id`, `{ id, html }`; `end`: the run is over or has begun
 * anew, load the page. A browser that lost the connection says the last id that it saw, and gets what is newer.
 */
export function liveRoutes({ store, state, masker, stopping }: LiveServices): Hono {
  const app = new Hono()
  const feeds = new Map<string, RunFeed>()
  const rows = new Map<string, Promise<RunRow | null>>()
  let followers = 0

  app.get('/runs/:id/live', async (c) => {
    const row = await store.run(c.req.param('id'))
    if (!row) throw new HttpError(404, 'not-found', 'there is no such run')
    if (followers >= MOST_FOLLOWERS)
      throw new HttpError(
        503,
        'too-many-followers',
        'too many pages follow runs now',
        'Reload the page to see how far it is.',
      )
    const after = Number(c.req.header('last-event-id') ?? c.req.query('after') ?? 0) || 0
    return streamSSE(c, async (stream) => {
      followers++
      const ended = new AbortController()
      stream.onAbort(() => ended.abort())
      const signal = AbortSignal.any([ended.signal, stopping])
      const part = ({ seq, id, html }: Change) =>
        stream.writeSSE({ event: 'part', id: String(seq), data: JSON.stringify({ id, html: masker.mask(html) }) })
      let leave = () => {}
      try {
        const feed = feedOf(row)
        let pending = 0
        const pass = async (change: Change) => {
          if (++pending > MOST_PENDING) ended.abort()
          else await part(change)
          pending--
        }
        leave = await feed.follow(after, (change) => void pass(change).catch(() => ended.abort()))
        await untilAnother(row, signal, () => stream.writeSSE({ event: 'alive', data: '' }))
        if (!signal.aborted) await stream.writeSSE({ event: 'end', data: '' })
      } finally {
        leave()
        followers--
        for (const [key, feed] of feeds) if (!feed.isFollowed) feeds.delete(key)
      }
    })
  })
  return app

  function feedOf({ folder, request }: RunRow): RunFeed {
    const known = feeds.get(folder)
    if (known) return known
    const feed = new RunFeed(runFolder(state, folder).events, fileLink(request.id))
    feeds.set(folder, feed)
    return feed
  }

  /** All who follow one run ask the database once a second together. */
  function rowNow(id: string): Promise<RunRow | null> {
    const known = rows.get(id)
    if (known) return known
    const row = store.run(id)
    rows.set(id, row)
    setTimeout(() => rows.delete(id), STATE_MS / 2).unref()
    return row
  }

  /** Resolves when the run is in another state, has a newer attempt, or nobody listens any more. */
  async function untilAnother(row: RunRow, signal: AbortSignal, alive: () => Promise<void>): Promise<void> {
    for (let waited = 0; !signal.aborted; waited += STATE_MS) {
      const now = await rowNow(row.request.id)
      if (now === null || now.state !== row.state || now.folder !== row.folder || isOver(now)) return
      if (waited % ALIVE_MS === 0) await alive()
      await sleep(STATE_MS, undefined, { signal }).catch(() => {})
    }
  }
}

function isOver({ state }: RunRow): boolean {
  return state !== 'queued' && state !== 'running'
}
