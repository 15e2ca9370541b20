import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { isRunId } from '../../lib/ids.ts'
import { FencedError } from '../contract/errors.ts'
import {
  type Assignment,
  claimBody,
  type Dispatch,
  finishBody,
  teardownBody,
  UPLOAD_LIMITS,
} from '../contract/protocol.ts'
import type { Store } from '../contract/store.ts'
import type { Dispatcher } from '../runs/dispatcher.ts'
import { sha256 } from '../secrets.ts'
import { bearerOf } from './authenticator.ts'
import { HttpError } from './http-error.ts'
import { bytesOf, jsonOf } from './middleware/request-body.ts'

export interface WorkerServices {
  readonly store: Pick<Store, 'workerOfToken'>
  readonly dispatch: Pick<Dispatcher, 'remote' | 'heldBy'>
  /** The state folder: bundles are made in it. */
  readonly state: string
  /** Aborted when the server stops: claims that wait are answered at once that there is nothing to do. */
  readonly stopping: AbortSignal
}

/** The calls of contract/protocol.ts, below `/worker/v1`. */
export function workerRoutes({ store, dispatch: office, state, stopping }: WorkerServices): Hono {
  const app = new Hono()

  app.post('/claim', async (c) => {
    const dispatch = await dispatchOf(c)
    const signal = AbortSignal.any([c.req.raw.signal, stopping])
    const found = await dispatch.claim(await jsonOf(c, claimBody), signal)
    return found ? c.json(found) : c.body(null, 204)
  })

  app.get('/runs/:id/source', async (c) => {
    const { dispatch, held } = await aboutRun(c)
    const { signal } = c.req.raw
    return bundleAnswer(join(state, 'server', 'bundles'), (file) => dispatch.source(held, file, signal))
  })

  app.post('/runs/:id/renew', async (c) => {
    const { dispatch, held } = await aboutRun(c)
    return c.json(await dispatch.renew(held))
  })

  app.put('/runs/:id/files/:path{.+}', async (c) => {
    const { dispatch, held } = await aboutRun(c)
    const offset = offsetShape.safeParse(c.req.query('offset'))
    if (!offset.success) throw new HttpError(400, 'bad-request', 'offset is no number of bytes')
    return c.json(await dispatch.put(held, c.req.param('path'), offset.data, await bytesOf(c, UPLOAD_LIMITS.call)))
  })

  app.post('/runs/:id/finish', async (c) => {
    const { dispatch, held } = await aboutRun(c)
    await dispatch.finish(held, await jsonOf(c, finishBody))
    return c.json({})
  })

  app.post('/runs/:id/teardown', async (c) => {
    const { dispatch, held } = await aboutRun(c)
    await dispatch.teardown(held, await jsonOf(c, teardownBody))
    return c.json({})
  })

  app.post('/runs/:id/release', async (c) => {
    const { dispatch, held } = await aboutRun(c)
    await dispatch.release(held)
    return c.json({})
  })

  return app

  async function dispatchOf(c: Context): Promise<Dispatch> {
    const token = bearerOf(c)
    const worker = token === null ? null : await store.workerOfToken(sha256(token))
    if (worker === null) throw new HttpError(401, 'unauthorized', 'this needs the token of a worker')
    return office.remote(worker)
  }

  async function aboutRun(c: Context): Promise<{ readonly dispatch: Dispatch; readonly held: Assignment }> {
    const dispatch = await dispatchOf(c)
    const run = c.req.param('id') ?? ''
    const [, attempt, token] = /^(\d{1,6})\.([0-9a-f]{32})$/.exec(c.req.header('x-cc-ci-lease') ?? '') ?? []
    if (!isRunId(run)) throw new HttpError(404, 'no-such-run', 'there is no such run')
    if (token === undefined) throw new FencedError(run)
    return { dispatch, held: await office.heldBy({ run, attempt: Number(attempt), token }) }
  }
}

const offsetShape = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)

/** A bundle is made in a file, sent from it, and its file is gone before the answer has begun. */
async function bundleAnswer(all: string, make: (file: string) => Promise<void>): Promise<Response> {
  await mkdir(all, { recursive: true, mode: 0o700 })
  const dir = await mkdtemp(join(all, 'for-'))
  try {
    const file = join(dir, 'bundle')
    await make(file)
    const { size } = await stat(file)
    const stream = createReadStream(file)
    await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject))
    const headers = { 'content-type': 'application/x-git-bundle', 'content-length': String(size) }
    return new Response(Readable.toWeb(stream) as ReadableStream<Uint8Array>, { headers })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
