import { z } from 'zod'
import { InfraError } from '../lib/errors.ts'
import { type EdgeAddress, edgeAddress } from './address.ts'

/** One router of the edge that answers for a domain, and where it sends requests. */
export interface Route {
  /** `blog_ci_test@swarm`. */
  readonly router: string
  readonly rule: string
  /** Traefik's word: `enabled`, `disabled` (with errors) or `warning`. */
  readonly status: string
  readonly errors: readonly string[]
  readonly entryPoints: readonly string[]
  readonly service: string
  /** `http://10.100.0.7:8080`: addresses of tasks, because the edge never dials a VIP. */
  readonly servers: readonly string[]
}

const PAGE = 'per_page=2000'

/**
 * The routers whose rule names this host exactly; an empty list means that no router exists. Null when the edge is a
 * foreign Traefik that cannot be asked. Throws InfraError `edge-silent`.
 */
export async function routesFor(domain: string, edge?: EdgeAddress): Promise<readonly Route[] | null> {
  const { host, apiPort } = edge ?? (await edgeAddress())
  if (apiPort === null) return null
  const api = `http://${host}:${apiPort}/api/http`
  const [allRouters, allServices] = await Promise.all([
    ask(`${api}/routers?${PAGE}`, routers),
    ask(`${api}/services?${PAGE}`, services),
  ])
  return allRouters.filter(({ rule }) => namesHost(rule, domain)).map((router) => toRoute(router, allServices))
}

/** True when a rule has this host among its Host(...) arguments, whatever else it asks for. */
export function namesHost(rule: string, domain: string): boolean {
  const hosts = [...rule.matchAll(/\bHost\(([^)]*)\)/g)].flatMap(([, list = '']) => [
    ...list.matchAll(/[`"']([^`"']+)[`"']/g),
  ])
  return hosts.some(([, host]) => host?.toLowerCase() === domain.toLowerCase())
}

function toRoute(router: z.infer<typeof routers>[number], all: z.infer<typeof services>): Route {
  const name = router.service.includes('@') ? router.service : `${router.service}@${router.provider}`
  const servers = all.find((service) => service.name === name)?.loadBalancer?.servers ?? []
  return {
    router: router.name,
    rule: router.rule,
    status: router.status,
    errors: router.error ?? [],
    entryPoints: router.entryPoints ?? [],
    service: name,
    servers: servers.flatMap(({ url }) => url ?? []),
  }
}

async function ask<S extends z.ZodType>(url: string, schema: S): Promise<z.infer<S>> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) })
    return schema.parse(await answer.json())
  } catch (error) {
    throw new InfraError('edge-silent', 'the edge did not say which routes it has', {
      cause: error,
      hint: "'cc-ci doctor' looks at it.",
    })
  }
}

const routers = z.array(
  z.object({
    name: z.string(),
    rule: z.string(),
    service: z.string(),
    provider: z.string(),
    status: z.string(),
    error: z.array(z.string()).nullish(),
    entryPoints: z.array(z.string()).nullish(),
  }),
)

const services = z.array(
  z.object({
    name: z.string(),
    loadBalancer: z.object({ servers: z.array(z.object({ url: z.string().optional() })).nullish() }).nullish(),
  }),
)
