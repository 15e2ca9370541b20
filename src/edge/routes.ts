import { z } from 'zod'
import { namesHost } from '../recipe/traefik/rule.ts'
import { type EdgeAddress, edgeAddress } from './address.ts'
import { hasApi, queryApi } from './api.ts'

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
 * foreign Traefik of which nobody said where its API is. Throws InfraError `edge-silent`.
 */
export async function routesFor(domain: string, edge?: EdgeAddress): Promise<readonly Route[] | null> {
  const address = edge ?? (await edgeAddress())
  if (!hasApi(address)) return null
  const [allRouters, allServices] = await Promise.all([
    // Rules and names of other apps are none of ours to read: they may be long, and strange.
    queryApi(address, `/api/http/routers?${PAGE}&search=${encodeURIComponent(domain)}`, routers.parse),
    queryApi(address, `/api/http/services?${PAGE}`, services.parse),
  ])
  return allRouters.filter(({ rule }) => namesHost(rule, domain)).map((router) => toRoute(router, allServices))
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
