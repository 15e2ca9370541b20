import type { EdgeAddress } from '../edge/address.ts'
import { messageOf } from '../lib/errors.ts'
import { type OnWaiting, waitFor } from '../lib/wait.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import { askEdge, RedirectLoop } from './edge-request.ts'
import { proxyAnswer } from './proxy-answer.ts'
import type { RoutedService } from './routed-services.ts'

export interface OtherRoute {
  readonly service: string
  readonly host: string
  readonly path: string
}

export interface OtherRoutesCheck {
  readonly edge: EdgeAddress
  readonly routes: readonly OtherRoute[]
  /** For each route. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
  readonly onWaiting?: OnWaiting
}

/** Matchers that a plain GET meets; a rule with any other is not asked. */
const PLAIN = /^(Host|Path|PathPrefix)$/

/**
 * The places besides `asked` that routers of the stack lead to: those of other services, one per service and rule. Rules that a plain GET
 * cannot be sure to meet (headers, methods, negations, alternatives, patterns) are left out.
 */
export function otherRoutes(routed: readonly RoutedService[], asked: { host: string; path: string }): OtherRoute[] {
  return routed.flatMap(({ service, rules }) =>
    rules.flatMap((rule) => {
      const place = placeOf(rule)
      return place && !(place.host === asked.host && place.path === asked.path) ? [{ service, ...place }] : []
    }),
  )
}

function placeOf(rule: string): { host: string; path: string } | null {
  if (/!|\|\|/.test(rule)) return null
  const matchers = [...rule.matchAll(/(\w+)\(\s*[`"']([^`"']*)[`"']/g)].map(([, name = '', value = '']) => ({
    name,
    value,
  }))
  if (!matchers.every(({ name }) => PLAIN.test(name))) return null
  const host = matchers.find(({ name }) => name === 'Host')?.value.toLowerCase()
  const path = matchers.find(({ name }) => name.startsWith('Path'))?.value ?? '/'
  return host && path.startsWith('/') ? { host, path } : null
}

/**
 * Waits until somebody behind each route answers, whatever it says: the proxy's own 502, 503 or 504 means that nobody does. Null: all do.
 * A proxy that gives no answer at all is blamed on the infrastructure.
 */
export async function checkOtherRoutes(check: OtherRoutesCheck): Promise<Cause | null> {
  for (const route of check.routes) {
    const found = await checkRoute(check, route)
    if (found) return found
  }
  return null
}

async function checkRoute(check: OtherRoutesCheck, route: OtherRoute): Promise<Cause | null> {
  const { deadlineMs, signal, onWaiting } = check
  const place = `${route.host}${route.path}`
  let silent = false
  const waited = await waitFor<null, never>(
    async (looking) => {
      const seen = await deadEnd(check.edge, route, looking)
      silent = seen?.silent ?? false
      return seen === null ? { state: 'ready', value: null } : { state: 'waiting', reason: seen.why }
    },
    { wait: { id: 'route', subject: place }, deadlineMs, everyMs: 250, signal, onWaiting },
  )
  if (waited.state !== 'deadline') return null
  const message = `a router leads ${place} to ${route.service}, but nobody there answers: ${waited.lastSeen}`
  return cause('http-not-serving', message, { service: route.service, ...(silent ? { blame: 'infra' } : {}) })
}

async function deadEnd(
  edge: EdgeAddress,
  { host, path }: OtherRoute,
  signal: AbortSignal,
): Promise<{ why: string; silent: boolean } | null> {
  try {
    const answer = await askEdge({ edge, domain: host, path, follow: false, uncertified: true, signal })
    if (answer instanceof RedirectLoop) return null
    return proxyAnswer(answer, true) === 'no-server'
      ? { why: `the proxy has nobody to ask (${answer.status})`, silent: false }
      : null
  } catch (error) {
    return { why: messageOf(error), silent: true }
  }
}
