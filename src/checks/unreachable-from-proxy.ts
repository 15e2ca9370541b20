import { PROXY_NETWORK } from '../edge/address.ts'
import type { ComposeModel, ComposeService, ResolvedStack } from '../recipe/model.ts'
import { type Cause, cause } from '../verdict/causes.ts'

/** Which network of a service the proxy dials, where it is in several. */
const NETWORK_LABELS = ['traefik.swarm.network', 'traefik.docker.network']

/**
 * The cause when the edge of cc-ci, which is on the network `proxy` alone, can never reach this service: none of the networks on which it would
 * dial it is that one. Known from the files. Null when it may, or when that cannot be told.
 */
export function unreachableFromProxy({ model }: ResolvedStack, stack: string, service: string): Cause | null {
  const definition = model.services[service]
  if (!definition || !servesItself(definition)) return null
  const networks = networksOf(model, definition, stack)
  const [wanted] = NETWORK_LABELS.flatMap((label) => labelOf(definition, label) ?? [])
  // A network that the service is not in is as good as none named: Traefik takes any of the others.
  const dialled = wanted !== undefined && networks.includes(wanted) ? [wanted] : networks
  if (dialled.includes(PROXY_NETWORK) || networks.includes('host')) return null
  const named = networks.includes(PROXY_NETWORK)
  const message = named
    ? `${service} is to be dialled on the network ${wanted}, where the proxy is not`
    : `${service} is routed, but not on the proxy's network ${PROXY_NETWORK}; it is on ${networks.join(', ')}`
  const hint = named
    ? `Name ${PROXY_NETWORK} in the label, or leave the label out.`
    : `Add ${PROXY_NETWORK} (an external network) to \`networks\` of ${service}.`
  return cause('http-not-serving', message, { service, hint, deterministic: true })
}

/** As the engine calls them. */
function networksOf({ networks }: ComposeModel, service: ComposeService, stack: string): string[] {
  const keys = Object.keys(service.networks ?? {})
  return (keys.length > 0 ? keys : ['default']).map((key) => {
    const { name, external } = networks[key] ?? {}
    return name ?? (external ? key : `${stack}_${key}`)
  })
}

/** False: a router of it leads to a server that another service's labels define. */
function servesItself({ deploy }: ComposeService): boolean {
  const labels = Object.entries(deploy?.labels ?? {})
  const defined = labels.flatMap(([key]) => /^traefik\.http\.services\.([^.]+)\./i.exec(key)?.[1]?.toLowerCase() ?? [])
  return labels
    .filter(([key]) => /^traefik\.http\.routers\.[^.]+\.service$/i.test(key))
    .every(([, value]) => defined.includes(String(value).trim().toLowerCase()))
}

function labelOf({ deploy }: ComposeService, name: string): string | undefined {
  return Object.entries(deploy?.labels ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]
}
