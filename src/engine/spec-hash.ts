import { createHash } from 'node:crypto'

type Fields = Readonly<Record<string, unknown>>

/** Hash of a task template by what it makes run: labels and the counter of forced restarts do not count. */
export function specHash(template: unknown): string {
  return hashOf(running(template))
}

/** Hash of a whole task template, equal for a service and the tasks made from it: only the service's names its runtime. */
export function templateHash(template: unknown): string {
  const { Runtime: _runtime, ...rest } = fields(template)
  return hashOf(rest)
}

/** Like `templateHash`, whatever the placement says. */
export function unplacedHash(template: unknown): string {
  const { Placement: _placement, ...rest } = fields(template)
  return templateHash(rest)
}

/** Hash of anything the engine said; null, missing and empty are the same, and the order of keys does not count. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(value)) ?? 'null')
    .digest('hex')
    .slice(0, 32)
}

const CONTAINER_FIELDS: Readonly<Record<string, string>> = {
  Image: 'image',
  Command: 'entrypoint',
  Args: 'command',
  Env: 'env',
  Configs: 'configs',
  Secrets: 'secrets',
  Mounts: 'mounts',
  Healthcheck: 'healthcheck',
  User: 'user',
  Dir: 'working_dir',
  Hostname: 'hostname',
  Hosts: 'extra_hosts',
  Init: 'init',
  StopSignal: 'stop_signal',
  StopGracePeriod: 'stop_grace_period',
  CapabilityAdd: 'cap_add',
  CapabilityDrop: 'cap_drop',
  Sysctls: 'sysctls',
  Ulimits: 'ulimits',
}

const TEMPLATE_FIELDS: Readonly<Record<string, string>> = {
  Networks: 'networks',
  Resources: 'resources',
  Placement: 'placement',
  RestartPolicy: 'restart_policy',
  LogDriver: 'logging',
}

/** The fields in which two task templates differ, by their names in a compose file; empty when they run the same thing. */
export function specDifferences(a: unknown, b: unknown): string[] {
  const [left, right] = [fields(running(a)), fields(running(b))]
  return [
    ...differing(fields(left.ContainerSpec), fields(right.ContainerSpec), CONTAINER_FIELDS),
    ...differing(left, right, TEMPLATE_FIELDS),
  ]
}

function differing(a: Fields, b: Fields, names: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => key !== 'ContainerSpec' && hashOf(a[key]) !== hashOf(b[key]))
    .map((key) => names[key] ?? key)
    .sort()
}

function running(template: unknown): Fields {
  const { ForceUpdate: _force, Runtime: _runtime, ContainerSpec, ...rest } = fields(template)
  const { Labels: _labels, Isolation: _isolation, ...container } = fields(ContainerSpec)
  return { ...rest, ContainerSpec: container }
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => canonical(item) ?? null)
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const entries = Object.entries(value)
    .map(([key, item]) => [key, canonical(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
