import type { ComposeModel, ComposeService } from '../model.ts'
import { isWithin } from '../traefik/host.ts'
import { foreignNameIn, routeProblem } from './labels.ts'
import { isForeignHostName, isNameOfOthers, type OwnNames } from './own.ts'

/** What a stack asks of the edge that would take requests that are not its own, or lead the edge to a place of its choice. */
export interface ForeignRoute {
  readonly service: string
  /** Path below the service. */
  readonly path: readonly string[]
  readonly why: string
}

/** Characters shown of a label. */
const SHOWN = 400

/**
 * The edge is shared, and so is the network where apps meet it. A rule without a host, or with the host of another, takes what is theirs; so does a
 * name of theirs in a label, and one that the network knows. Only hosts of the app's own are asked for, and such as nobody can have.
 */
export function foreignRoutes(model: ComposeModel, own: OwnNames, shared: readonly string[]): ForeignRoute[] {
  return Object.entries(model.services).flatMap(([service, definition]) => [
    ...labelSets(definition).flatMap(({ path, labels }) =>
      labelProblems(labels, own).map(({ label, why }) => ({
        service,
        path: [...path, label],
        why: `${label} ${why}`.slice(0, SHOWN),
      })),
    ),
    ...foreignNames(service, definition, own, shared).map(({ path, name }) => ({
      service,
      path,
      why: `the name ${name} on the shared network is not its own`,
    })),
  ])
}

/** One problem a label; a name of somebody else's is reported once, however many labels have it. */
function labelProblems(labels: Readonly<Record<string, string>>, own: OwnNames): { label: string; why: string }[] {
  const reported = new Set<string>()
  return Object.entries(labels).flatMap(([label, value]) => {
    const name = foreignNameIn(label, own)
    const named = name === null || reported.has(name) ? null : `uses the name ${name} of another app`
    if (name !== null) reported.add(name)
    const why = routeProblem(label, String(value), own, labels) ?? named
    return why === null ? [] : [{ label, why }]
  })
}

/** A Traefik of the operator's may read the labels of containers too. */
function labelSets({ deploy, labels }: ComposeService) {
  const ofContainer = typeof labels === 'object' && labels !== null ? (labels as Readonly<Record<string, string>>) : {}
  return [
    { path: ['deploy', 'labels'], labels: deploy?.labels ?? {} },
    { path: ['labels'], labels: ofContainer },
  ]
}

/** The engine gives the name of a service, its host name and its aliases to the name servers of each of its networks. */
function foreignNames(
  service: string,
  definition: ComposeService,
  own: OwnNames,
  shared: readonly string[],
): { path: string[]; name: string }[] {
  const { networks = {}, hostname, domainname, container_name: container } = definition
  const full = typeof hostname === 'string' && typeof domainname === 'string' ? `${hostname}.${domainname}` : undefined
  const joined = Object.keys(networks).length > 0 ? Object.keys(networks) : ['default']
  const isShared = joined.some((key) => shared.includes(key))
  const isForeign = (name: string) => isForeignHostName(name, own) || (isShared && isNameOfOthers(name, own))
  const claimed = [
    { path: [], name: service },
    { path: ['hostname'], name: hostname },
    { path: ['domainname'], name: full },
    { path: ['container_name'], name: container },
  ].flatMap(({ path, name }) => (typeof name === 'string' && isForeign(name) ? [{ path, name }] : []))
  const aliases = shared.flatMap((key) => {
    const found = networks[key]?.aliases
    return Array.isArray(found) ? found.map(String) : []
  })
  const taken = aliases.filter((alias) => !alias.startsWith(own.stack) && !isWithin(alias, own.domain))
  return [...claimed, ...taken.map((name) => ({ path: ['networks'], name }))]
}
