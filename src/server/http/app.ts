// cspell:ignore readyz
import type { Context } from 'hono'
import { WebhookQueue } from '../comments/webhook-queue.ts'
import { FORGES } from '../forge/forges.ts'
import { serverMasker } from '../secrets.ts'
import { addApi, type DescribedApp, describedApp } from './api/api.ts'
import { Authenticator } from './authenticator.ts'
import { badgeRoutes } from './badge-routes.ts'
import { healthRoutes } from './health-routes.ts'
import { failureFor, HttpError } from './http-error.ts'
import { liveRoutes } from './live/routes.ts'
import { loginRoutes } from './login.ts'
import { headOnly } from './middleware/head-only.ts'
import { maskResponses } from './middleware/mask-responses.ts'
import { type RateClass, RateLimiter, rateLimit } from './middleware/rate-limit.ts'
import { boundedBody } from './middleware/request-body.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { oauthRoutes } from './oauth.ts'
import { plainPage } from './pages/layout.ts'
import { fileRoutes } from './run-file-routes.ts'
import { sendPage } from './send-page.ts'
import type { AppServices } from './services.ts'
import { Sessions } from './session.ts'
import { webhookRoute } from './webhook-route.ts'
import { workerRoutes } from './worker-routes.ts'

const BODY_BYTES = 64 * 1024

/** The app, and what belongs to it beside its routes. */
export interface ServerApp {
  readonly app: DescribedApp
  /** Who looks at a page and who sent a form: for the pages, which are added to `app`. */
  readonly auth: Authenticator
  /** Answers workers that wait for something to do, now and from now on: before the listening ends, which waits for answers. */
  stopWaiting(): void
  /** Resolves when no delivery waits any more: on the way down, after the listening has ended. */
  drain(): Promise<void>
}

/** All of HTTP but the pages. */
export function createApp(services: AppServices): ServerApp {
  const { settings, store, clock, log, metrics } = services
  const { state } = settings
  const { readWebhook, oauth: oauthOf } = FORGES[settings.forgeKind]
  const sessions = new Sessions(settings, clock)
  const auth = new Authenticator(settings, sessions)
  const queue = new WebhookQueue(services.comments, log)
  metrics.hookQueue(() => queue.length)
  const stopping = new AbortController()
  const app = describedApp()
  const answerError = (error: unknown, c: Context) => {
    const { status, failure } = failureFor(error, c, log)
    if (!isForPeople(c)) return c.json(failure, status)
    const { message, hint } = failure.error
    const text = hint === undefined ? `${message}.` : `${message}. ${hint}`
    return sendPage(c, plainPage(auth.viewer(c), TITLES[status] ?? 'That did not work', text), status)
  }
  app.onError(answerError)
  app.notFound((c) => answerError(new HttpError(404, 'not-found', 'there is nothing here'), c))

  app.use(headOnly)
  app.use(metrics.measure)
  app.use(securityHeaders({ https: settings.publicUrl.startsWith('https:') }))
  const masker = serverMasker(settings)
  app.use(maskResponses(masker))
  app.use(rateLimit(new RateLimiter(clock), classOf, settings.proxies))
  app.route('/', healthRoutes(store, metrics))
  app.route(
    '/hooks',
    webhookRoute({
      kind: settings.forgeKind,
      readWebhook,
      secret: settings.webhookSecret,
      queue,
      onAnswer: metrics.hook,
    }),
  )
  app.route('/worker/v1', workerRoutes({ store, dispatch: services.dispatch, state, stopping: stopping.signal }))
  app.use(boundedBody(BODY_BYTES))
  addApi({ app, services, auth })
  app.route('/', fileRoutes({ store, state }))
  app.route('/', badgeRoutes({ store }))
  app.route('/', liveRoutes({ store, state, masker, stopping: stopping.signal }))
  app.route('/', loginRoutes({ settings, sessions, auth }))
  if (settings.oauth && settings.operatorOrganisation) {
    const { oauth: client, operatorOrganisation: organisation, publicUrl, forgeUrl } = settings
    const { forge } = services
    const oauth = oauthOf(forgeUrl, { ...client, redirectUri: `${publicUrl}/login/forge/callback` })
    app.route('/login/forge', oauthRoutes({ oauth, organisation, forge, sessions, clock }))
  }
  return { app, auth, stopWaiting: () => stopping.abort(), drain: () => queue.drain() }
}

const TITLES: Readonly<Record<number, string>> = {
  403: 'Not allowed',
  404: 'Not found',
  410: 'Not here any more',
  429: 'Too many requests',
  503: 'Not now',
}

/** A browser on a page; programs get JSON. */
function isForPeople(c: Context): boolean {
  const { path } = c.req
  const machine = ['/api/', '/hooks/', '/worker/', '/metrics'].some((start) => path.startsWith(start))
  return !machine && (c.req.header('accept') ?? '').includes('text/html')
}

/** The page of a run, and the texts that it left, which are masked as they leave; pictures pass as they are. */
const OF_RUN = /^\/runs\/[^/]+(?:\/?$|\/files\/(?!.*\.png$))/

/** Null: never refused, because a probe that is refused looks like a server that is down. */
function classOf(c: Context): RateClass | null {
  const { path, method } = c.req
  if (path === '/healthz' || path === '/readyz' || path === '/metrics') return null
  if (path.startsWith('/hooks/')) return 'hook'
  if (path.startsWith('/worker/')) return 'worker'
  // What tries a token or a code; to begin a login tries nothing.
  if ((path === '/login' && method === 'POST') || path.startsWith('/login/forge/')) return 'login'
  if (method !== 'GET' && method !== 'HEAD') return 'write'
  return OF_RUN.test(path) ? 'run' : 'read'
}
