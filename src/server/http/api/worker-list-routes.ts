import { randomBytes } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { sha256 } from '../../secrets.ts'
import { HttpError } from '../http-error.ts'
import type { Api } from './api.ts'
import { body, json, OPERATOR, route } from './describe.ts'
import * as shapes from './schemas.ts'

const QUEUED = 200

/** Machines that may take runs, and what waits for them. */
export function addWorkers({ app, services, auth }: Api): void {
  const { store } = services

  const list = route({
    ...{ method: 'get', path: '/api/v1/workers', summary: 'Workers', security: OPERATOR },
    responses: { 200: json(z.object({ workers: z.array(shapes.worker) }), 'All that are known') },
  })
  app.openapi(list, async (c) => {
    auth.operator(c)
    const workers = await store.workers()
    return c.json(
      { workers: workers.map(({ unavailableReason, ...row }) => ({ ...row, trouble: unavailableReason })) },
      200,
    )
  })

  const add = route({
    ...{ method: 'post', path: '/api/v1/workers', summary: 'Lets a worker in', security: OPERATOR },
    request: { body: body(z.strictObject({ name: shapes.workerName })) },
    responses: { 201: json(z.object({ name: z.string(), token: z.string() }), 'The token is shown this once') },
  })
  app.openapi(add, async (c) => {
    auth.operator(c)
    const { name } = c.req.valid('json')
    const token = randomBytes(32).toString('base64url')
    await store.addWorker(name, sha256(token))
    return c.json({ name, token }, 201)
  })

  const remove = route({
    ...{ method: 'delete', path: '/api/v1/workers/{name}', summary: 'Shuts a worker out', security: OPERATOR },
    request: { params: z.object({ name: shapes.workerName }) },
    responses: { 204: { description: 'Its token is worth nothing from now on' } },
  })
  app.openapi(remove, async (c) => {
    auth.operator(c)
    if (await store.removeWorker(c.req.valid('param').name)) return c.body(null, 204)
    throw new HttpError(404, 'no-such-worker', 'there is no such worker')
  })

  const queue = route({
    ...{ method: 'get', path: '/api/v1/queue', summary: 'What waits, and how long' },
    responses: { 200: json(shapes.queue, 'Counts of all runs, and what is next') },
  })
  app.openapi(queue, async (c) => {
    const [counts, first] = await Promise.all([store.counts(), store.queue(QUEUED)])
    const queued = first.map(({ row, place }) => ({ run: row, ...place }))
    return c.json({ counts, queued }, 200)
  })
}
