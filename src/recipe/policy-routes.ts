import type { ComposeModel } from './model.ts'

/** A route that a stack asks the edge for, which would take requests that are not its own. */
export interface ForeignRoute {
  readonly service: string
  readonly label: string
  readonly why: string
}

const RULE = /^traefik\.(http|tcp)\.routers\.[^.]+\.rule$/i
const SERVICE = /^traefik\.(http|tcp|udp)\.routers\.[^.]+\.service$/i
const HOSTS = /\b(?:Host|HostSNI)\(([^)]*)\)/gi
const PATTERNS = /\b(?:HostRegexp|HostSNIRegexp|HostHeader|CatchAll)\b/i

/**
 * The edge is shared: a rule without a host, with a pattern for one, or with the host of another app under test or of a dependency takes what is
 * theirs; a route to a service of the edge itself shows its inside. A host that nobody here has is only useless.
 * `strict` refuses every host but the app's own, for an edge that serves others than apps under test.
 */
export function foreignRoutes(model: ComposeModel, domain: string, strict: boolean): ForeignRoute[] {
  return Object.entries(model.services).flatMap(([service, { deploy }]) =>
    Object.entries(deploy?.labels ?? {}).flatMap(([label, value]) => {
      const why = problemOf(label, value, { domain, strict })
      return why === null ? [] : [{ service, label, why }]
    }),
  )
}

function problemOf(label: string, value: string, own: { domain: string; strict: boolean }): string | null {
  if (SERVICE.test(label)) return /@internal\s*$/i.test(value) ? `leads to ${value} of the edge itself` : null
  if (!RULE.test(label)) return null
  if (PATTERNS.test(value)) return `has a pattern instead of a host: ${value}`
  // Each alternative must keep to a host by itself.
  for (const part of value.split('||')) {
    const hosts = [...part.matchAll(HOSTS)].flatMap(([, list = '']) => list.split(','))
    const names = hosts
      .map((host) =>
        host
          .trim()
          .replace(/^[`'"]|[`'"]$/g, '')
          .toLowerCase(),
      )
      .filter(Boolean)
    if (names.length === 0) return `has no host, so it takes the requests of all: ${value}`
    const foreign = names.find((name) => isForeign(name, own))
    if (foreign !== undefined) return `takes the requests of ${foreign}`
  }
  return /!\s*\(?\s*Host/i.test(value) ? `takes every host but one: ${value}` : null
}

function isForeign(host: string, { domain, strict }: { domain: string; strict: boolean }): boolean {
  if (host === domain || host.endsWith(`.${domain}`)) return false
  const among = domain.slice(domain.indexOf('.') + 1)
  return strict || host === '*' || host === among || host.endsWith(`.${among}`)
}
