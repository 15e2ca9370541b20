import { isEntryPoint } from '../lib/entry-points.ts'
import type { ComposeModel, ComposeService } from './model.ts'
import { patternKeepsTo } from './traefik/host-pattern.ts'
import { boundHosts, keepsTo, type Matcher } from './traefik/rule.ts'

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

type Labels = Readonly<Record<string, string>>

const RULE = /^(traefik\.(?:http|tcp)\.routers\.[^.]+\.)rule$/i
const SERVICE = /^traefik\.(http|tcp|udp)\.routers\.[^.]+\.service$/i
const NAME = /^traefik\.(?:http|tcp|udp)\.(?:routers|services|middlewares)\.([^.]+)\./i
/** The address of a server or of somebody to ask: the edge would call it for the recipe. */
const ADDRESS = /\.loadbalancer\.servers?(\[\d+\])?\.(url|address)$|\.forwardauth\.address$/i

/** A service of the edge's own that answers nothing, for routers that only lead elsewhere. */
const NOOP = 'noop@internal'
/** An address of which no two readers can think differently. */
const PLAIN_ADDRESS = /^(?:(?:https?|h2c):\/\/)?([a-z0-9._-]+)(?::\d+)?(?:\/[\w.~/-]*)?$/i

/**
 * The edge is shared. A rule without a host, or with the host of another app under test or of a dependency, takes what is theirs; so does a name
 * of theirs in a label, and an alias on the shared network. A host that nobody here has is only useless.
 */
export function foreignRoutes(model: ComposeModel, own: OwnNames, shared: readonly string[]): ForeignRoute[] {
  return Object.entries(model.services).flatMap(([service, definition]) => [
    ...Object.entries(definition.deploy?.labels ?? {}).flatMap(([label, value]) => {
      const why = labelProblem(label, value, own, definition.deploy?.labels ?? {})
      return why === null ? [] : [{ service, path: ['deploy', 'labels', label], why: `${label} ${why}` }]
    }),
    ...foreignAliases(definition, own, shared).map((alias) => ({
      service,
      path: ['networks'],
      why: `the alias ${alias} on the shared network is not its own`,
    })),
  ])
}

function labelProblem(label: string, value: string, own: OwnNames, labels: Labels): string | null {
  const name = NAME.exec(label)?.[1] ?? ''
  if (/^ccci-/i.test(name) || (/_ci_test/.test(name) && !name.startsWith(own.stack)))
    return `uses the name ${name} of another app`
  if (ADDRESS.test(label)) return isOwnAddress(value, own) ? null : `has the edge call ${value}`
  if (SERVICE.test(label))
    return /@internal\s*$/i.test(value) && value.trim() !== NOOP ? `leads to ${value} of the edge itself` : null
  const [, router] = RULE.exec(label) ?? []
  return router === undefined || isElsewhere(router, own, labels) ? null : ruleProblem(value, own)
}

/** Only on entry points that the edge does not have, as raw TCP is asked for: such a router takes nothing here. */
function isElsewhere(router: string, { strict }: OwnNames, labels: Labels): boolean {
  const label = `${router}entrypoints`.toLowerCase()
  const entryPoints = Object.entries(labels).flatMap(([key, names]) =>
    key.toLowerCase().startsWith(label) ? names.split(',') : [],
  )
  return !strict && entryPoints.length > 0 && entryPoints.every((name) => name.trim() !== '' && !isEntryPoint(name))
}

/** A service of the stack itself, or a host of the app's. */
function isOwnAddress(address: string, { domain, stack }: OwnNames): boolean {
  const host = PLAIN_ADDRESS.exec(address.trim())?.[1]?.toLowerCase() ?? ''
  return isWithin(host, domain) || (host.startsWith(`${stack}_`) && !host.slice(stack.length).includes('.'))
}

function ruleProblem(rule: string, own: OwnNames): string | null {
  if (keepsTo(rule, (matcher) => isOwnMatcher(matcher, own))) return null
  const hosts = boundHosts(rule)
  const foreign = hosts?.find((host) => isForeign(host, own))
  return foreign === undefined ? `has no host that it keeps to: ${rule}` : `takes the requests of ${foreign}`
}

function isOwnMatcher({ name, values }: Matcher, own: OwnNames): boolean {
  if (values.length === 0) return false
  if (/^host(sni)?$/.test(name)) return values.every((host) => !isForeign(host.toLowerCase(), own))
  return /^host(sni)?regexp$/.test(name) && values.every((pattern) => patternKeepsTo(pattern, own.domain))
}

function isForeign(host: string, { domain, strict }: OwnNames): boolean {
  if (isWithin(host, domain)) return false
  const among = domain.slice(domain.indexOf('.') + 1)
  return strict || host.includes('*') || host === among || host.endsWith(`.${among}`)
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}

function foreignAliases({ networks = {} }: ComposeService, own: OwnNames, shared: readonly string[]): string[] {
  const aliases = shared.flatMap((key) => {
    const found = networks[key]?.aliases
    return Array.isArray(found) ? found.map(String) : []
  })
  return aliases.filter((alias) => !alias.startsWith(own.stack) && !isWithin(alias, own.domain))
}
