import type { Report } from './shape.ts'
import { type Data, type DataMap, isDataMap } from './source.ts'

/** Which options a mount of a type may have beside its own name. */
const OPTIONS_OF: Readonly<Record<string, readonly string[]>> = {
  volume: ['volume'],
  bind: ['bind'],
  tmpfs: ['tmpfs'],
  npipe: ['bind'],
  cluster: [],
}
const MODES = ['replicated', 'global', 'replicated-job', 'global-job']

/** What the schema lets pass and `docker stack deploy` refuses in a service, before or when it gives it to the engine. */
export function checkDeployable(service: DataMap, path: readonly string[], report: Report): void {
  const { healthcheck, credential_spec: credentials, restart, deploy } = service
  if (isDataMap(healthcheck)) checkHealth(healthcheck, [...path, 'healthcheck'], report)
  if (isDataMap(deploy)) checkDeploy(deploy, [...path, 'deploy'], report)
  if (!isDataMap(deploy) || !deploy.restart_policy) checkRestart(restart, [...path, 'restart'], report)
  for (const list of ['secrets', 'configs']) checkTargets(entriesOf(service[list]), [...path, list], report)
  for (const [index, mount] of entriesOf(service.volumes).entries())
    checkMount(mount, [...path, 'volumes', String(index)], report)
  checkPorts(service, path, report)
  const sources = isDataMap(credentials) ? Object.keys(credentials).filter((key) => credentials[key]) : []
  if (sources.length > 1)
    report([...path, 'credential_spec'], `has ${sources.join(' and ')}, and can have one`, 'Keep one of them.')
}

/** The engine refuses both: the routing mesh has one entry for a number and a protocol, and none for `dnsrr`. */
function checkPorts({ ports, deploy }: DataMap, path: readonly string[], report: Report): void {
  const seen = new Set<string>()
  for (const [index, port] of entriesOf(ports).entries()) {
    const at = [...path, 'ports', String(index)]
    if (asMap(deploy).endpoint_mode === 'dnsrr' && port.mode !== 'host')
      report(at, 'is published in ingress mode beside endpoint_mode: dnsrr', 'Write mode: host, or endpoint_mode: vip.')
    if (!port.published) continue
    const name = publishedAs(port)
    if (seen.has(name)) report(at, `publishes ${name} a second time`, 'Remove one of the two.')
    seen.add(name)
  }
}

/** One number of the routing mesh leads to one service. */
export function checkPublishedOnce(services: DataMap, report: Report): void {
  const owners = new Map<string, string>()
  for (const [name, service] of Object.entries(services)) {
    for (const [index, port] of entriesOf(asMap(service).ports).entries()) {
      if (!port.published || port.mode === 'host') continue
      const owner = owners.get(publishedAs(port)) ?? name
      owners.set(publishedAs(port), owner)
      if (owner !== name)
        report(
          ['services', name, 'ports', String(index)],
          `publishes ${publishedAs(port)}, as ${owner} does`,
          'Publish another number.',
        )
    }
  }
}

function publishedAs({ published, protocol }: DataMap): string {
  return `${published}/${protocol || 'tcp'}`
}

function checkHealth({ test, disable }: DataMap, path: string[], report: Report): void {
  if (disable === true && Array.isArray(test) && test.length > 0)
    report(path, 'has a test and is disabled', 'Keep one of the two; an overlay turns a check off by test: ["NONE"].')
}

function checkDeploy(deploy: DataMap, path: string[], report: Report): void {
  const { mode, replicas, resources, restart_policy: restart } = deploy
  oneOf(mode, MODES, [...path, 'mode'], report)
  if (typeof mode === 'string' && mode.startsWith('global') && typeof replicas === 'number')
    report([...path, 'replicas'], `cannot stand beside mode: ${mode}`, 'Remove replicas:, also from the other files.')
  for (const [name, value] of Object.entries(asMap(resources))) {
    const { cpus } = asMap(value)
    if (typeof cpus === 'string' && cpus !== '' && !isCpus(cpus))
      report([...path, 'resources', name, 'cpus'], `is "${cpus}", which is no number of processors`, 'Write "0.5".')
  }
  oneOf(asMap(restart).condition, ['none', 'on-failure', 'any'], [...path, 'restart_policy', 'condition'], report)
  for (const key of ['update_config', 'rollback_config']) {
    const actions = ['pause', 'continue', 'rollback']
    oneOf(asMap(deploy[key]).failure_action, actions, [...path, key, 'failure_action'], report)
  }
}

function oneOf(value: Data | undefined, known: readonly string[], path: string[], report: Report): void {
  if (typeof value === 'string' && value !== '' && !known.includes(value))
    report(path, `is "${value}"`, `Write one of ${known.join(', ')}.`)
}

/** A fraction, or a number with at most nine places. */
function isCpus(text: string): boolean {
  return /^[-+]?(\d+(\.\d{0,9}0*)?|\.\d{1,9}0*)$/.test(text) || /^[-+]?[\d.]+([eE][-+]?\d+|\/\d+)$/.test(text)
}

/** Without effect beside `deploy.restart_policy`; otherwise the CLI makes a policy of it. */
function checkRestart(value: Data | undefined, path: string[], report: Report): void {
  if (typeof value !== 'string' || /^(|no|always|unless-stopped|on-failure(:\d+)?)$/.test(value)) return
  report(path, `is "${value}"`, 'Remove it, and write deploy.restart_policy.')
}

/** Files in one container need names of their own. */
function checkTargets(entries: readonly DataMap[], path: string[], report: Report): void {
  const seen = new Set<string>()
  for (const [index, { source, target }] of entries.entries()) {
    const name = String(target || source)
    if (seen.has(name))
      report([...path, String(index)], `is the second one at ${name}`, 'Give it a target: of its own.')
    seen.add(name)
  }
}

function checkMount(mount: DataMap, path: string[], report: Report): void {
  const type = String(mount.type)
  const types = Object.keys(OPTIONS_OF)
  if (!types.includes(type)) report([...path, 'type'], `is "${type}"`, `Write one of ${types.join(', ')}.`)
  if (type === 'tmpfs' && mount.source)
    report([...path, 'source'], 'cannot stand beside type: tmpfs', 'Remove source:.')
  if (type === 'npipe' && !mount.source) report(path, 'is an npipe without a source', 'Add source:.')
  for (const options of ['bind', 'volume', 'tmpfs']) {
    if (isDataMap(mount[options]) && OPTIONS_OF[type]?.includes(options) === false)
      report([...path, options], `has no meaning for type ${type}, and is refused`, `Remove ${options}:.`)
  }
}

function entriesOf(value: Data | undefined): DataMap[] {
  return Array.isArray(value) ? value.filter(isDataMap) : []
}

function asMap(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}
