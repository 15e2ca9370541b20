import type { PolicyCode } from '../verdict/policy-codes.ts'
import type { ComposeModel, ComposeNamed, ComposeService, ResolvedStack } from './model.ts'
import { foreignRoutes, type OwnNames } from './policy-routes.ts'

/** What a compose file may ask of the engine that gives it power over the host or over others; an operator can allow each. */
export const POLICY = {
  'bind-mount': 'mounts a folder of the host',
  'engine-socket': 'mounts the socket of the engine, which is root on the host',
  privileged: 'asks for all privileges',
  'cap-add': 'adds capabilities',
  'host-namespace': 'joins a namespace of the host',
  device: 'uses a device of the host',
  'driver-bind': 'is a volume with a driver or options that may reach the host',
  'foreign-network': 'joins a network that is not its own',
  'foreign-volume': 'uses a volume that is not its own',
  'foreign-secret': 'uses a secret that is not its own',
  'foreign-config': 'uses a config that is not its own',
  'host-port': 'publishes a port of the host',
  'foreign-route': 'asks the edge for what is not its own',
  'log-driver': 'has its log sent elsewhere, from the network of the host',
} as const satisfies Record<PolicyCode, string>

export interface PolicyProblem {
  readonly code: PolicyCode
  /** Path in the model. */
  readonly path: readonly string[]
  /** For a person: `service app mounts a folder of the host: /etc`. */
  readonly message: string
}

/** Those that keep the log on this machine. */
const LOG_DRIVERS = ['json-file', 'local', 'none']

/** The networks outside the stack that every app may join. */
const SHARED_NETWORKS = ['proxy']

export interface PolicyOptions {
  /** Codes that the operator allows for this recipe. */
  readonly allow?: readonly string[]
  /** The app's own host name; without it routes are not judged. */
  readonly domain?: string
  /** The edge serves others than apps under test: no host but the app's own. */
  readonly strictHosts?: boolean
}

/** Everything in the stack that the policy refuses, apart from what the operator allows for this recipe. */
export function policyProblems(
  stack: ResolvedStack,
  stackName: string,
  { allow = [], domain, strictHosts = false }: PolicyOptions = {},
): PolicyProblem[] {
  const { model } = stack
  const routes = domain === undefined ? [] : routeProblems(model, { domain, stack: stackName, strict: strictHosts })
  const services = Object.entries(model.services).flatMap(([name, service]) => serviceProblems(name, service))
  return [...services, ...routes, ...namedProblems(model, stackName)].filter(({ code }) => !allow.includes(code))
}

function routeProblems(model: ComposeModel, own: OwnNames): PolicyProblem[] {
  const shared = Object.entries(model.networks)
    .filter(([key, { name, external }]) => external === true && SHARED_NETWORKS.includes(name ?? key))
    .map(([key]) => key)
  return foreignRoutes(model, own, shared).map(({ service, path, why }) => ({
    code: 'foreign-route',
    path: ['services', service, ...path],
    message: `service ${service} ${POLICY['foreign-route']}: ${why}`,
  }))
}

function serviceProblems(name: string, service: ComposeService): PolicyProblem[] {
  const problems: PolicyProblem[] = []
  const add = (code: PolicyCode, key: string, detail: unknown) => {
    problems.push({
      code,
      path: ['services', name, key],
      message: `service ${name} ${POLICY[code]}: ${String(detail)}`,
    })
  }
  for (const source of boundSources(service))
    add(isEngineSocket(source) ? 'engine-socket' : 'bind-mount', 'volumes', source)
  if (service.privileged === true) add('privileged', 'privileged', true)
  for (const key of ['cap_add', 'devices']) {
    const list = service[key]
    if (Array.isArray(list) && list.length > 0) add(key === 'devices' ? 'device' : 'cap-add', key, list.join(', '))
  }
  for (const key of ['network_mode', 'pid', 'ipc', 'userns_mode', 'cgroupns_mode', 'uts']) {
    const mode = service[key]
    if (typeof mode === 'string' && /^(host|container:|service:)/.test(mode))
      add('host-namespace', key, `${key}: ${mode}`)
  }
  const elsewhere = logElsewhere(service)
  if (elsewhere !== null) add('log-driver', 'logging', elsewhere)
  for (const { published, target, protocol } of service.ports ?? []) {
    if (published !== undefined) add('host-port', 'ports', `${published} to ${target}/${protocol}`)
  }
  return problems
}

function logElsewhere({ logging }: ComposeService): string | null {
  const { driver = 'json-file' } = (logging ?? {}) as { driver?: string }
  return LOG_DRIVERS.includes(driver) ? null : driver
}

function boundSources({ volumes = [] }: ComposeService): string[] {
  return volumes.flatMap(({ type, source = '' }) => (type === 'bind' || type === 'npipe' ? [source] : []))
}

/** A folder that holds the socket gives as much as the socket. */
function isEngineSocket(source: string): boolean {
  return /docker\.sock|docker_engine|^\/(var\/)?run\/?$/.test(source)
}

function namedProblems(model: ComposeModel, stackName: string): PolicyProblem[] {
  const problems: PolicyProblem[] = []
  const foreign = (section: 'networks' | 'volumes' | 'secrets' | 'configs', code: PolicyCode) => {
    for (const [key, entry] of Object.entries(model[section])) {
      const own =
        isOwn(entry, stackName) ||
        (section === 'networks' && entry.external === true && SHARED_NETWORKS.includes(entry.name ?? key))
      if (!own)
        problems.push({ code, path: [section, key], message: `the stack ${POLICY[code]}: ${entry.name ?? key}` })
    }
  }
  foreign('networks', 'foreign-network')
  foreign('volumes', 'foreign-volume')
  foreign('secrets', 'foreign-secret')
  foreign('configs', 'foreign-config')
  for (const [key, { driver, driver_opts: options }] of Object.entries(model.volumes)) {
    const detail = volumeReach(driver, (options ?? {}) as Readonly<Record<string, unknown>>)
    if (detail === null) continue
    problems.push({
      code: 'driver-bind',
      path: ['volumes', key],
      message: `volume ${key} ${POLICY['driver-bind']}: ${detail}`,
    })
  }
  for (const [key, { driver }] of Object.entries(model.networks)) {
    if (driver === undefined || driver === '' || driver === 'overlay') continue
    problems.push({
      code: 'foreign-network',
      path: ['networks', key, 'driver'],
      message: `network ${key} ${networkReach(driver)}`,
    })
  }
  return problems
}

function networkReach(driver: unknown): string {
  if (driver === 'bridge')
    return 'has the driver bridge, which is for one machine alone: services of a Swarm cannot join it. Write driver: overlay, or leave driver: out'
  return `has the driver ${String(driver)}, which may reach networks of the host; one of its own has the driver overlay`
}

/** Options name a file system to mount and where from; only memory of its own reaches nothing. */
function volumeReach(driver: unknown, options: Readonly<Record<string, unknown>>): string | null {
  if (driver !== undefined && driver !== 'local') return `driver ${String(driver)}`
  if (Object.keys(options).length === 0 || (options.type === 'tmpfs' && options.device === 'tmpfs')) return null
  return Object.entries(options)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
}

/**
 * Own are things without a name of their own, because Swarm prefixes them, and things that are named after the stack. What is made beside the stack
 * carries no label of it, and is found again by the prefix that Swarm uses.
 */
function isOwn({ name, external }: ComposeNamed, stackName: string): boolean {
  if (name === undefined) return external !== true
  if (name.startsWith(`${stackName}_`)) return true
  return external !== true && (name === stackName || name.startsWith(`${stackName}-`))
}
