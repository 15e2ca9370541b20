import { routesFor } from '../edge/routes.ts'
import { messageOf } from '../lib/errors.ts'
import { placesOf } from '../recipe/traefik/rule.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import { answerSign } from './answer-sign.ts'
import { type AnswerResult, awaitAnswer, type UnwantedAnswer } from './await-answer.ts'
import { closedPort } from './closed-port.ts'
import { type EdgeAnswer, NoResponse, RedirectLoop, requestEdge } from './edge-request.ts'
import { type EdgeCheck, quote } from './http.ts'
import { proxyAnswer } from './proxy-answer.ts'
import type { RoutedService } from './routed-services.ts'

export interface OtherRoute {
  readonly service: string
  readonly host: string
  readonly path: string
}

export interface OtherRoutesCheck extends EdgeCheck {
  readonly routes: readonly OtherRoute[]
  /** Hides secrets in what is quoted of a body. */
  readonly mask: (text: string) => string
}

/**
 * The places besides `asked` that routers of the stack lead to: those of other services, one per service and rule. Rules that a plain GET
 * cannot be sure to meet (headers, methods, negations, patterns) are left out.
 */
export function otherRoutes(routed: readonly RoutedService[], requested: { host: string; path: string }): OtherRoute[] {
  return routed.flatMap(({ service, rules }) =>
    rules.flatMap((rule) => {
      const places = (placesOf(rule) ?? []).filter(({ path }) => /^\/(?!\/)/.test(path))
      const [first] = places
      if (!first || places.some(({ host, path }) => host === requested.host && path === requested.path)) return []
      return [{ service, host: first.host, path: first.path }]
    }),
  )
}

/**
 * Waits, for all routes at the same time, until somebody behind each answers, whatever it says: the proxy's own 502, 503 or 504 means that nobody
 * does. Null: all do. Each wait ends as that for the app itself (`awaitAnswer`); the first that finds nobody ends the others. A proxy that
 * gives no answer at all is blamed on the infrastructure.
 */
export async function checkOtherRoutes(check: OtherRoutesCheck): Promise<Cause | null> {
  const others = new AbortController()
  const signal = AbortSignal.any([check.signal, others.signal])
  const first = Promise.withResolvers<Cause | null>()
  const waits = check.routes.map((route) =>
    checkRoute({ ...check, signal }, route).then((found) => {
      if (found) first.resolve(found)
    }),
  )
  Promise.all(waits).then(() => first.resolve(null), first.reject)
  try {
    return await first.promise
  } finally {
    others.abort()
  }
}

async function checkRoute(check: OtherRoutesCheck, route: OtherRoute): Promise<Cause | null> {
  const place = `${route.host}${route.path}`
  const answered = await awaitAnswer((signal) => requestRoute(check, route, signal), {
    ...check,
    wait: { id: 'route', subject: place },
    unasked: silent(route, 'no request was made'),
  })
  return answered.state === 'wanted' ? null : answered.seen.cause
}

async function requestRoute(
  check: OtherRoutesCheck,
  route: OtherRoute,
  signal: AbortSignal,
): Promise<AnswerResult<null>> {
  const { host, path } = route
  try {
    const answer = await requestEdge({ edge: check.edge, domain: host, path, follow: false, uncertified: true, signal })
    if (answer instanceof RedirectLoop || proxyAnswer(answer, true) !== 'no-server')
      return { state: 'wanted', value: null }
    return { state: 'unwanted', seen: await nobody(check, route, answer) }
  } catch (error) {
    check.signal.throwIfAborted()
    return { state: 'unwanted', seen: silent(route, messageOf(error), error instanceof NoResponse) }
  }
}

/** The proxy has nobody to ask. */
async function nobody(check: OtherRoutesCheck, route: OtherRoute, answer: EdgeAnswer): Promise<UnwantedAnswer> {
  const { url, status, body } = answer
  const { edge, portsOf, tasksOf } = check
  const lines = [`GET ${url}: ${status}`, ...quote(check.mask(body))]
  const closer = async (signal: AbortSignal) => {
    const routes = await (check.routesOf ?? routesFor)(route.host, edge)
    if (!routes || !portsOf) return null
    const tasks = (await tasksOf()).filter(({ service }) => service === route.service)
    return closedPort({ routes, tasks, lines }, portsOf, signal)
  }
  return {
    outcome: 'fail',
    cause: deadEnd(route, `the proxy has nobody to ask (${status})`, lines),
    sign: answerSign(answer),
    stayed: `the answer stayed ${status}`,
    excused: false,
    ...(portsOf ? { closer } : {}),
  }
}

function silent(route: OtherRoute, why: string, proxyAnswers = false): UnwantedAnswer {
  const dead = deadEnd(route, why, [])
  return {
    outcome: proxyAnswers ? 'fail' : 'unverified',
    cause: proxyAnswers ? dead : { ...dead, blame: 'infra' },
    sign: proxyAnswers ? 'no response' : 'unanswered',
    stayed: 'no answer came',
    excused: false,
  }
}

function deadEnd({ host, path, service }: OtherRoute, why: string, lines: readonly string[]): Cause {
  const message = `a router leads ${host}${path} to ${service}, but nobody there answers: ${why}`
  return cause('http-not-serving', message, { service, lines })
}
