import type { ComposeModel, ComposeService } from './model.ts'
import { boundHosts } from './traefik/rule.ts'

/** What a stack asks of the edge that would take requests that are not its own, or lead the edge to a place of its choice. */
export interface ForeignRoute {
  readonly service: string
  /** Path below the service. */
  readonly path: readonly string[]
  readonly why: string
}

export interface OwnNames {
  readonly domain: string
  readonly stack: string
  /** The edge serves others than apps under test: no host but the app's own. */
  readonly strict: boolean
}

const RULE = /^traefik\.(http|tcp)\.routers\.[^.]+\.rule$/i
const SERVICE = /^traefik\.(http|tcp|udp)\.routers\.[^.]+\.service$/i
const NAME = /^traefik\.(?:http|tcp|udp)\.(?:routers|services|middlewares)\.([^.]+)\./i
/** The address of a server or of somebody to ask: the edge would call it for the recipe. */
const ADDRESS = /\.loadbalancer\.servers?(\[\d+\])?\.(url|address)$|\.forwardauth\.address$/i

/**
 * The edge is shared. A rule without a host, or with the host of another app under test or of a dependency, takes what is theirs; so does a name
 * of theirs in a label, and an alias on the shared network. A host that nobody here has is only useless.
 */
export function foreignRoutes(model: ComposeModel, own: OwnNames, shared: readonly string[]): ForeignRoute[] {
  return Object.entries(model.services).flatMap(([service, definition]) => [
    ...Object.entries(definition.deploy?.labels ?? {}).flatMap(([label, value]) => {
      const why = labelProblem(label, value, own)
      return why === null ? [] : [{ service, path: ['deploy', 'labels', label], why: `${label} ${why}` }]
    }),
    ...foreignAliases(definition, own, shared).map((alias) => ({
      service,
      path: ['networks'],
      why: `the alias ${alias} on the shared network is not its own`,
    })),
  ])
}

function labelProblem(label: string, value: string, own: OwnNames): string | null {
  const name = NAME.exec(label)?.[1] ?? ''
  if (/^ccci-/i.test(name) || (/_ci_test/.test(name) && !name.startsWith(own.stack)))
    return `uses the name ${name} of another app`
  if (ADDRESS.test(label)) return `has the edge call ${value}`
  if (SERVICE.test(label)) return /@internal\s*$/i.test(value) ? `leads to ${value} of the edge itself` : null
  return RULE.test(label) ? ruleProblem(value, own) : null
}

function ruleProblem(rule: string, own: OwnNames): string | null {
  const hosts = boundHosts(rule)
  if (hosts === null) return `has no host that it keeps to: ${rule}`
  const foreign = hosts.find((host) => isForeign(host, own))
  return foreign === undefined ? null : `takes the requests of ${foreign}`
}

function isForeign(host: string, { domain, strict }: OwnNames): boolean {
  if (host === domain || host.endsWith(`.${domain}`)) return false
  const among = domain.slice(domain.indexOf('.') + 1)
  return strict || host.includes('*') || host === among || host.endsWith(`.${among}`)
}

function foreignAliases({ networks = {} }: ComposeService, own: OwnNames, shared: readonly string[]): string[] {
  const aliases = shared.flatMap((key) => {
    const found = networks[key]?.aliases
    return Array.isArray(found) ? found.map(String) : []
  })
  return aliases.filter(
    (alias) => !alias.startsWith(own.stack) && alias !== own.domain && !alias.endsWith(`.${own.domain}`),
  )
}
