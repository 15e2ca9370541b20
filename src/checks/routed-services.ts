import type { ResolvedStack } from '../recipe/model.ts'

/** A service that the proxy is asked to serve. */
export interface RoutedService {
  readonly service: string
  readonly rules: readonly string[]
  /** From `loadbalancer.server.port`; null when the proxy has to guess. */
  readonly port: number | null
  /** True when a rule names the app's domain as a host. A router without it is a fault, not an app without HTTP. */
  readonly namesDomain: boolean
}

/**
 * The services with `traefik.enable` and an HTTP router. An empty list means that the recipe asks for no HTTP at all; use
 * `noHttpReason` to say so.
 */
export function routedServices(stack: ResolvedStack, domain: string): RoutedService[] {
  return Object.entries(stack.model.services).flatMap(([service, { deploy }]) => {
    const labels = Object.entries(deploy?.labels ?? {}).map(
      ([key, value]) => [key.toLowerCase(), String(value)] as const,
    )
    const enabled = labels.some(([key, value]) => key === 'traefik.enable' && value.trim().toLowerCase() === 'true')
    const rules = labels.flatMap(([key, value]) => (/^traefik\.http\.routers\.[^.]+\.rule$/.test(key) ? [value] : []))
    if (!enabled || rules.length === 0) return []
    const [, port] =
      labels.find(([key]) => /^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/.test(key)) ?? []
    return [
      { service, rules, port: port ? Number(port) : null, namesDomain: rules.some((rule) => namesHost(rule, domain)) },
    ]
  })
}

/** The reason for evidence `no-http`; null when something is routed. */
export function noHttpReason(routed: readonly RoutedService[]): string | null {
  return routed.length > 0 ? null : 'no service has traefik.enable=true with an HTTP router under deploy.labels'
}

function namesHost(rule: string, domain: string): boolean {
  return [...rule.matchAll(/[`"']([^`"']+)[`"']/g)].some(([, host]) => host?.toLowerCase() === domain.toLowerCase())
}
