import { z } from '@hono/zod-openapi'
import type { Api } from './api.ts'
import { json, OPERATOR, route } from './describe.ts'

const added = z.object({ runs: z.int(), comments: z.int(), enrolments: z.int() })

/** The index of what lies in the state folder: a start brings it up to date, and so does this after a restore of files. */
export function addIndex({ app, services, auth }: Api): void {
  const { store } = services

  const rebuild = route({
    ...{ method: 'post', path: '/api/v1/index', security: OPERATOR },
    summary: 'Adds to the index what the state folder knows and it does not',
    responses: { 200: json(added, 'Runs and comments that are new, enrolments that were read') },
  })
  app.openapi(rebuild, async (c) => {
    auth.operator(c)
    const { runs, comments, enrolments } = await store.rebuild()
    return c.json({ runs, comments, enrolments }, 200)
  })
}
