import { z } from '@hono/zod-openapi'
import { HttpError } from '../http-error.ts'
import type { Api } from './api.ts'
import { json, OPERATOR, optionalBody, route } from './describe.ts'
import * as shapes from './schemas.ts'

const LISTED = 50

/** Ordering sweeps, and reading them. */
export function addSweeps({ app, services, auth }: Api): void {
  const { sweeps } = services

  const list = route({
    ...{ method: 'get', path: '/api/v1/sweeps', summary: 'Sweeps, newest first' },
    responses: { 200: json(z.object({ sweeps: z.array(shapes.sweepRow) }), `The newest ${LISTED}`) },
  })
  app.openapi(list, async (c) => c.json({ sweeps: [...(await sweeps.list(LISTED))] }, 200))

  const order = route({
    ...{ method: 'post', path: '/api/v1/sweeps', security: OPERATOR },
    summary: 'Sweeps what is enrolled: newest releases and open pull requests',
    request: { body: optionalBody(shapes.sweepOrder) },
    responses: { 201: json(z.object({ id: z.string() }), 'It is noted, and planned as soon as the forge answers') },
  })
  app.openapi(order, async (c) => {
    const by = auth.operator(c)
    const { mode = 'all', recipes } = c.req.valid('json') as Partial<z.infer<typeof shapes.sweepOrder>>
    const { id } = await sweeps.order({ by, mode, only: recipes ?? null })
    return c.json({ id }, 201)
  })

  const one = route({
    ...{ method: 'get', path: '/api/v1/sweeps/{id}', summary: 'One sweep: its matrix, or how far it is' },
    request: { params: z.object({ id: z.string().max(100) }) },
    responses: {
      200: json(shapes.sweepSeen, '`matrix` is null while it is active; docs/reference/matrix.schema.json'),
    },
  })
  app.openapi(one, async (c) => {
    const { id } = c.req.valid('param')
    const seen = await sweeps.one(id)
    if (!seen) throw new HttpError(404, 'no-such-sweep', `there is no sweep ${id.slice(0, 100)}`)
    const { row, cells, matrix } = seen
    return c.json({ ...row, cells: [...cells], matrix: matrix as Record<string, unknown> | null }, 200)
  })
}
