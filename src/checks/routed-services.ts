import type { ResolvedStack } from '../recipe/model.ts'
import { normalHost } from '../recipe/traefik/host.ts'
import { labelProblem } from '../recipe/traefik/label-problem.ts'
import { isUsable, type TraefikConfig, traefikConfigs } from '../recipe/traefik/routers.ts'
import { boundHosts, namesHost } from '../recipe/traefik/rule.ts'

/** A service that the proxy is asked to serve. */
export interface RoutedService {
  readonly service: string
  readonly rules: readonly string[]
  /** From `loadbalancer.server.port`; null when the proxy has to guess. */
  readonly port: number | null
  /** True when a rule names the app's domain as a host. A router without it is a fault, not an app without HTTP. */
  readonly namesDomain: boolean
}

/** The services with `traefik.enable` and an HTTP router. An empty list does not mean that the recipe asks for no HTTP: see `httpExposure`. */
export function routedServices(stack: ResolvedStack, domain: string): RoutedService[] {
  return traefikConfigs(stack).flatMap(({ service, enabled, labels, routers }) => {
    const rules = routers.flatMap(({ protocol, rule }) => (protocol === 'http' && rule !== null ? [rule] : []))
    if (!enabled || rules.length === 0) return []
    const [, port] =
      [...labels].find(([key]) => /^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/.test(key)) ?? []
    return [
      { service, rules, port: port ? Number(port) : null, namesDomain: rules.some((rule) => namesHost(rule, domain)) },
    ]
  })
}

/** What a stack asks of the proxy for HTTP. */
export type HttpExposure =
  | { readonly kind: 'routed' }
  /** It asks Traefik for nothing, or for other protocols only: `reason` goes into the evidence `no-http`. */
  | { readonly kind: 'none'; readonly reason: string }
  /** Its labels ask for HTTP, and none of them makes a router that leads anywhere. */
  | { readonly kind: 'unusable'; readonly service: string; readonly message: string; readonly lines: readonly string[] }

/** Whether the stack is to be asked over HTTP. Labels that come to nothing are a fault: an app that nobody reaches asks for HTTP all the same. */
export function httpExposure(stack: ResolvedStack): HttpExposure {
  const configs = traefikConfigs(stack)
  if (configs.some(({ enabled, routers }) => enabled && routers.some(isHttpRouter))) return { kind: 'routed' }
  const wishing = configs.find(configuresHttp)
  if (wishing) {
    const lines = [...wishing.labels.keys()].flatMap((label) => {
      const problem = labelProblem(label)
      return problem ? [`${label} ${problem.message}`] : []
    })
    return { kind: 'unusable', service: wishing.service, message: unusable(wishing), lines }
  }
  const [misplaced] = labelsOfContainers(stack)
  if (misplaced) {
    const message = `${misplaced.label} of ${misplaced.service} stands under labels, which Traefik does not read in a Swarm: it belongs under deploy.labels`
    return { kind: 'unusable', service: misplaced.service, message, lines: [] }
  }
  const other = configs.some(({ enabled, routers }) => enabled && routers.some(isUsable))
  const reason = other
    ? 'its labels ask Traefik for TCP or UDP only'
    : 'no service has a label under deploy.labels that asks Traefik for a route'
  return { kind: 'none', reason }
}

function isHttpRouter(router: TraefikConfig['routers'][number]): boolean {
  return router.protocol === 'http' && isUsable(router)
}

/** Not where `traefik.enable` is set to something else on purpose, nor where TCP or UDP is all that is asked for. */
function configuresHttp({ enabled, labels, routers }: TraefikConfig): boolean {
  if (enabled === false) return false
  if ([...labels.keys()].some((key) => key.startsWith('traefik.http.'))) return true
  return enabled === true && !routers.some(isUsable)
}

function unusable({ service, enabled, routers }: TraefikConfig): string {
  const http = routers.filter(({ protocol }) => protocol === 'http')
  if (enabled === null) return `${service} has labels of traefik.http, but not traefik.enable=true`
  const [unruled] = http
  return unruled
    ? `the router ${unruled.name} of ${service} has no rule, so that nobody reaches the app`
    : `${service} has traefik.enable=true, but no router, so that nobody reaches the app`
}

function labelsOfContainers(stack: ResolvedStack): { service: string; label: string }[] {
  return Object.entries(stack.model.services).flatMap(([service, { labels }]) => {
    const all = typeof labels === 'object' && labels !== null ? Object.entries(labels) : []
    const off = all.some(([key, value]) => /^traefik\.enable$/i.test(key) && !/^true$/i.test(String(value).trim()))
    const label = all.find(([key]) => /^traefik\.(enable$|http\.)/i.test(key))
    return label && !off ? [{ service, label: label[0] }] : []
  })
}

/** The hosts that all rules keep to when the domain is none of them, so that no request for it can ever meet one; null when one might. */
export function foreignHosts(routed: readonly RoutedService[], domain: string): readonly string[] | null {
  const bound = routed.flatMap(({ rules }) => rules.map(boundHosts))
  if (bound.length === 0 || bound.includes(null)) return null
  const hosts = [...new Set(bound.flatMap((some) => some ?? []))]
  return hosts.includes(normalHost(domain)) ? null : hosts
}
