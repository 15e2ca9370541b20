import { OpenAPIHono, type z } from '@hono/zod-openapi'
import type { BlankEnv } from 'hono/types'
import { toolVersion } from '../../../lib/version.ts'
import type { Authenticator } from '../authenticator.ts'
import { HttpError } from '../http-error.ts'
import { issuesOf } from '../middleware/request-body.ts'
import type { AppServices } from '../services.ts'
import { addIndex } from './index-routes.ts'
import { addRepositories } from './repository-routes.ts'
import { addRuns } from './run-routes.ts'
import { addSweeps } from './sweep-routes.ts'
import { addWorkers } from './worker-list-routes.ts'

/** A Hono like any other to what is added to it. */
export type DescribedApp = OpenAPIHono<BlankEnv>

export interface Api {
  readonly app: DescribedApp
  readonly services: Pick<AppServices, 'store' | 'operations' | 'settings' | 'sweeps'>
  readonly auth: Authenticator
}

/** An app whose routes refuse what is not of their shape. */
export function describedApp(): DescribedApp {
  return new OpenAPIHono<BlankEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new HttpError(400, 'bad-request', issuesOf(result.error as z.ZodError))
    },
  })
}

/** The JSON API, declared once: `openApi` is made from the same routes. */
export function addApi(api: Api): void {
  const { app } = api
  // Who calls is asked before the body is read as an order, so that a stranger learns nothing of shapes.
  app.use('/api/v1/*', async (c, next) => {
    if (c.req.method !== 'GET') api.auth.operator(c)
    await next()
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'operatorToken', { type: 'http', scheme: 'bearer' })
  addRuns(api)
  addRepositories(api)
  addWorkers(api)
  addSweeps(api)
  addIndex(api)
  app.get('/api/v1/openapi.json', (c) => c.json(openApi(app)))
  refuseOtherMethods(app)
}

/** 405 for what a described path is not described to take. */
function refuseOtherMethods(app: DescribedApp): void {
  for (const [path, methods] of Object.entries(openApi(app).paths ?? {})) {
    const allowed = Object.keys(methods).flatMap((method) =>
      method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
    )
    app.all(path.replace(/{(\w+)}/g, ':$1'), (c) => {
      c.header('allow', allowed.join(', '))
      throw new HttpError(405, 'method-not-allowed', `this takes ${allowed.join(' or ')}`)
    })
  }
}

/** The OpenAPI 3.1 document of the API. */
function openApi(app: DescribedApp) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'cc-ci', version: toolVersion(), description: 'Runs of Co-op Cloud recipes: reading is public.' },
  })
}

/** The same document without a server: its routes are declared and never called. */
export function apiDescription(): object {
  const app = describedApp()
  addApi({ app, services: {} as Api['services'], auth: {} as Authenticator })
  return openApi(app)
}
