import type { PolicyCode, PolicyLimits } from '../../verdict/policy-codes.ts'
import type { ComposeModel, ComposeNamed, ComposeService, ResolvedStack } from '../model.ts'
import { chosenAddresses, tooMany } from './bounds.ts'
import { registryOfThisMachine } from './image-source.ts'
import { mountedFiles } from './mounted-files.ts'
import { hidesName, isOfStack, isReservedKey, type OwnNames } from './own.ts'
import { rawSockets } from './raw-sockets.ts'
import { foreignRoutes } from './routes.ts'
import { hostSettings } from './settings.ts'
import { templateProblems } from './templates.ts'

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
  'host-setting': 'changes what the kernel or the engine does for others',
  'local-registry': 'has the engine ask an address of its own machine for an image',
  'network-address': 'chooses addresses or options of a network that the machine deals out',
  'too-many': 'has more of something than one recipe may have',
  'raw-sockets':
    'runs a program that needs raw packets, with which one container takes what is for others on a network',
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

/** Types of mounts; those that reach the host have codes of their own. */
const MOUNTS: readonly string[] = ['volume', 'tmpfs', 'bind', 'npipe']

/** The networks outside the stack that every app may join. */
const SHARED_NETWORKS = ['proxy']

export interface PolicyOptions {
  /** Codes that the operator allows for this recipe. */
  readonly allow?: readonly string[]
  /** The app's own host name; without it routes are not judged. */
  readonly domain?: string
  /** The edge serves others than apps under test: no host but the app's own. */
  readonly strictHosts?: boolean
  /** How many of each the operator grants this recipe, where that is not the default. */
  readonly most?: PolicyLimits
}

/** Everything in the stack that the policy refuses, apart from what the operator allows for this recipe. */
export function policyProblems(
  stack: ResolvedStack,
  stackName: string,
  { allow = [], domain, strictHosts = false, most = {} }: PolicyOptions = {},
): PolicyProblem[] {
  const { model } = stack
  const routes = domain === undefined ? [] : routeProblems(model, { domain, stack: stackName, strict: strictHosts })
  const services = Object.entries(model.services).flatMap(([name, service]) => serviceProblems(name, service))
  const bounds = [...tooMany(model, most), ...chosenAddresses(model)]
  const templates = templateProblems(stack).map(({ path, detail }): PolicyProblem => {
    return { code: 'host-setting', path, message: `the stack ${POLICY['host-setting']}: ${detail}` }
  })
  return [
    ...services,
    ...routes,
    ...namedProblems(model, stackName),
    ...bounds,
    ...templates,
    ...mountedFiles(stack),
  ].filter(({ code }) => !allow.includes(code))
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
  for (const { code, key, detail } of [...mountTypes(service), ...ofTheEngine(service)]) add(code, key, detail)
  return problems
}

interface PolicyFinding {
  readonly code: PolicyCode
  readonly key: string
  readonly detail: string
}

function mountTypes({ volumes = [] }: ComposeService): PolicyFinding[] {
  const strange = volumes.filter(({ type }) => !MOUNTS.includes(type))
  return strange.map(({ type }) => ({ code: 'foreign-volume', key: 'volumes', detail: `a mount of the type ${type}` }))
}

function ofTheEngine(service: ComposeService): PolicyFinding[] {
  const { image = '', ports = [] } = service
  const log = logElsewhere(service)
  return [
    ...(log === null ? [] : [{ code: 'log-driver', key: 'logging', detail: log } as const]),
    ...hostSettings(service).map(({ key, detail }) => ({ code: 'host-setting', key, detail }) as const),
    ...rawSockets(service).map(({ key, program }) => ({ code: 'raw-sockets', key, detail: program }) as const),
    ...(registryOfThisMachine(image) ? [{ code: 'local-registry', key: 'image', detail: image } as const] : []),
    ...(ports.length > 0 ? [{ code: 'host-port', key: 'ports', detail: portsInWords(ports) } as const] : []),
  ]
}

const SHOWN_PORTS = 5

/** Without a number the engine takes one of its own choice, on every address of the machine. */
function portsInWords(ports: NonNullable<ComposeService['ports']>): string {
  const shown = ports
    .slice(0, SHOWN_PORTS)
    .map(({ published, target, protocol }) => `${published ?? 'any free port'} to ${target}/${protocol}`)
  const more = ports.length - shown.length
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
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
        isOwn(key, entry, stackName) ||
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
  for (const [section, code] of [
    ['secrets', 'foreign-secret'],
    ['configs', 'foreign-config'],
  ] as const) {
    for (const [key, { driver }] of Object.entries(model[section])) {
      if (driver === undefined || driver === '') continue
      const message = `the ${section.slice(0, -1)} ${key} comes from ${String(driver)}, a plugin of the engine: its own are made by the engine`
      problems.push({ code, path: [section, key, 'driver'], message })
    }
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
  if (Object.keys(options).length === 0 || isMemory(options)) return null
  return Object.entries(options)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
}

function isMemory({ type, device, o = '', ...others }: Readonly<Record<string, unknown>>): boolean {
  const sizes = String(o).split(',')
  const small = sizes.every(
    (option) => option === '' || /^(?:size=\d+[kmg%]?|nr_inodes=\d+[kmg]?|[ug]id=\d+|mode=[0-7]+)$/i.test(option),
  )
  return type === 'tmpfs' && device === 'tmpfs' && small && Object.keys(others).length === 0
}

/**
 * Own are things without a name of their own, because Swarm prefixes them, and things that are named after the stack. What is made beside the stack
 * carries no label of it, and is found again by the prefix that Swarm uses. What cc-ci makes there begins with `ccci-` and is nobody else's.
 */
function isOwn(key: string, { name, external }: ComposeNamed, stackName: string): boolean {
  if (name === undefined) return external !== true && !isReservedKey(key)
  if (isOfStack(name, stackName)) return true
  return external !== true && (name === stackName || name.startsWith(`${stackName}-`)) && !hidesName(name)
}
