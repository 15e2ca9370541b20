import { z } from '@hono/zod-openapi'
import type { RunState } from '../../contract/request.ts'
import type { RunRow } from '../../contract/store.ts'
import { HttpError } from '../http-error.ts'
import type { Api } from './api.ts'
import { body, json, OPERATOR, route } from './describe.ts'
import * as shapes from './schemas.ts'

const params = z.object({ id: z.string().max(100) })

/** Reading, starting and ending runs. */
export function addRuns({ app, services, auth }: Api): void {
  const { store, operations } = services

  const list = route({
    ...{ method: 'get', path: '/api/v1/runs', summary: 'Runs, newest first' },
    request: { query: shapes.runsQuery },
    responses: {
      200: json(
        z.object({ runs: z.array(shapes.runRow), next: z.string().nullable() }),
        'One page; `next` is the `before` of the next one',
      ),
    },
  })
  app.openapi(list, async (c) => {
    const { repository, pull, state, before, limit } = c.req.valid('query')
    const rows = await store.runs({
      ...(repository === undefined ? {} : { repository }),
      ...(pull === undefined ? {} : { pull }),
      ...(state === undefined ? {} : { state: state.split(',') as RunState[] }),
      ...(before === undefined ? {} : { before }),
      limit,
    })
    const next = rows.length === limit ? (rows.at(-1)?.request.id ?? null) : null
    return c.json({ runs: [...rows], next }, 200)
  })

  const one = route({
    ...{ method: 'get', path: '/api/v1/runs/{id}', summary: 'One run' },
    request: { params },
    responses: { 200: json(shapes.runRow, 'The run') },
  })
  app.openapi(one, async (c) => c.json(await found(c.req.valid('param').id), 200))

  const start = route({
    ...{ method: 'post', path: '/api/v1/runs', summary: 'Starts a run', security: OPERATOR },
    request: { body: body(shapes.startOrder) },
    responses: { 201: json(shapes.runRequestAnswer, 'What was queued') },
  })
  app.openapi(start, async (c) => {
    return c.json(await operations.start(c.req.valid('json'), auth.operator(c)), 201)
  })

  const cancel = route({
    ...{ method: 'post', path: '/api/v1/runs/{id}/cancel', summary: 'Ends a run', security: OPERATOR },
    request: { params },
    responses: {
      200: json(
        z.object({ result: z.enum(['cancelled', 'asked', 'ended']) }),
        '`asked`: its worker ends it; `ended`: it was over already',
      ),
    },
  })
  app.openapi(cancel, async (c) => {
    const by = auth.operator(c)
    const { request } = await found(c.req.valid('param').id)
    return c.json({ result: await operations.cancel(request.id, by) }, 200)
  })

  const rerun = route({
    ...{ method: 'post', path: '/api/v1/runs/{id}/rerun', summary: 'The same request again', security: OPERATOR },
    request: { params },
    responses: { 201: json(shapes.runRequestAnswer, 'What was queued') },
  })
  app.openapi(rerun, async (c) => {
    const by = auth.operator(c)
    const { request } = await found(c.req.valid('param').id)
    return c.json(await operations.rerun(request.id, by), 201)
  })

  const why = route({
    ...{
      method: 'post',
      path: '/api/v1/runs/{id}/why',
      summary: 'Asks whose change made a run red',
      security: OPERATOR,
    },
    request: { params },
    responses: { 201: json(shapes.runRequestAnswer, 'What was queued: `why` says what it asks') },
  })
  app.openapi(why, async (c) => {
    const by = auth.operator(c)
    const { request } = await found(c.req.valid('param').id)
    return c.json(await operations.why(request.id, by), 201)
  })

  async function found(id: string): Promise<RunRow> {
    const row = await store.run(id)
    if (!row) throw new HttpError(404, 'no-such-run', `there is no run ${id.slice(0, 100)}`)
    return row
  }
}
