import { posix } from 'node:path'
import { parseBytes } from './go-duration.ts'
import { parseMount } from './mounts.ts'
import { MOST_PORTS, parsePort } from './ports.ts'
import type { Report } from './shape.ts'
import { type Data, type DataMap, isDataMap } from './source.ts'
import { splitWords } from './words.ts'

/** What normalising needs besides the value: where to tell problems, and where a key came from when a list becomes a map. */
export interface NormalizeContext {
  readonly report: Report
  /** Tells of something that the docker CLI reads and drops. */
  readonly dropped: (path: readonly string[], message: string) => void
  /** Says that `path` was written where `from` was. */
  readonly moved: (path: readonly string[], from: readonly string[]) => void
  readonly env: ReadonlyMap<string, string>
  /** Adds to the ports that were made of the stack's so far, and gives their number. */
  readonly portsMade: (count: number) => number
}

const SECTIONS = ['networks', 'volumes', 'secrets', 'configs'] as const

/** Gives one checked file the forms that merging works on: long forms, maps for labels and environment, word lists. */
export function normalize(data: DataMap, on: NormalizeContext): DataMap {
  const result: DataMap = { services: {} }
  if (data.version !== undefined) result.version = data.version
  result.services = mapValues(asMap(data.services), (service, name) =>
    normalizeService(asMap(service), ['services', name], on),
  )
  for (const section of SECTIONS) {
    result[section] = mapValues(asMap(data[section]), (entry, name) =>
      normalizeNamed(asMap(entry), { section, name }, on),
    )
  }
  return result
}

function normalizeService(service: DataMap, path: string[], on: NormalizeContext): DataMap {
  const result: DataMap = {}
  for (const [key, value] of Object.entries(service)) {
    if (key.startsWith('x-') || key === 'build') continue
    result[key] = serviceKey(key, value, [...path, key], on)
  }
  const { environment } = result
  if (isDataMap(environment))
    result.environment = mapValues(environment, (value, name) => (value ? value : (on.env.get(name) ?? value)))
  return result
}

function serviceKey(key: string, value: Data, path: string[], on: NormalizeContext): Data {
  switch (key) {
    case 'command':
    case 'entrypoint':
      return typeof value === 'string' ? commandWords(value, path, on) : value
    case 'environment':
      return toMap(value, path, on, null)
    case 'labels':
    case 'sysctls':
      return toMap(value, path, on, '')
    case 'extra_hosts':
      return Array.isArray(value)
        ? value.map((entry) => String(entry).replace('=', ':')).filter((entry) => entry.includes(':'))
        : Object.entries(asMap(value))
            .filter(([, v]) => v !== null)
            .map(([k, v]) => `${k}:${v}`)
            .sort()
    case 'dns':
    case 'dns_search':
    case 'tmpfs':
    case 'env_file':
      return Array.isArray(value) ? value : [value]
    case 'expose':
      return asList(value).map(String)
    case 'networks':
      if (!Array.isArray(value)) return value
      return Object.fromEntries(value.map((name, i) => [placed(String(name), [...path, String(i)], on), null]))
    case 'secrets':
    case 'configs':
      return asList(value).map((entry, i) => {
        const at = [...path, String(i)]
        const reference = typeof entry === 'string' ? { source: entry } : fileReference(asMap(entry), at, on)
        placed(reference.source, at, on)
        return reference
      })
    case 'ports':
      return normalizePorts(asList(value), path, on)
    case 'volumes':
      return asList(value).flatMap((entry, i) => normalizeMount(entry, [...path, String(i)], on))
    case 'healthcheck': {
      const check = wholeNumberAt(asMap(value), 'retries')
      return typeof check.test === 'string' ? { ...check, test: ['CMD-SHELL', check.test] } : check
    }
    case 'logging': {
      const logging = asMap(value)
      return logging.options === undefined
        ? logging
        : { ...logging, options: mapValues(asMap(logging.options), (v) => textOf(v)) }
    }
    case 'deploy':
      return normalizeDeploy(asMap(value), path, on)
    default:
      return value
  }
}

function normalizeDeploy(deploy: DataMap, path: string[], on: NormalizeContext): DataMap {
  const result: DataMap = { ...deploy }
  if (deploy.labels !== undefined) result.labels = toMap(deploy.labels, [...path, 'labels'], on, '')
  if (isDataMap(deploy.resources)) {
    result.resources = mapValues(deploy.resources, (entry, name) => {
      const { memory } = asMap(entry)
      if (typeof memory !== 'string') return entry
      const bytes = parseBytes(memory)
      if (bytes === undefined)
        on.report(
          [...path, 'resources', name, 'memory'],
          `is "${memory}", which is not a size`,
          'Write a size such as 512M.',
        )
      return { ...asMap(entry), memory: String(bytes) }
    })
  }
  return result
}

function commandWords(text: string, path: string[], on: NormalizeContext): Data {
  const words = splitWords(text)
  if (!words) on.report(path, 'has a quote that is never closed', 'Close it, or write the command as a list.')
  return words ?? []
}

/** A name in a list, which will be found where it was written whatever its place in the merged list. */
function placed<T extends Data | undefined>(name: T, at: readonly string[], on: NormalizeContext): T {
  if (typeof name === 'string') on.moved([...at.slice(0, -1), name], at)
  return name
}

function normalizePorts(entries: readonly Data[], path: string[], on: NormalizeContext): DataMap[] {
  const ports: DataMap[] = []
  for (const [i, entry] of entries.entries()) {
    const at = [...path, String(i)]
    const before = ports.length
    for (const port of normalizePort(entry, at, on)) ports.push(port)
    if (on.portsMade(ports.length - before) <= MOST_PORTS) continue
    on.report(
      at,
      `makes more than ${MOST_PORTS} ports of the stack`,
      'There are no more numbers: write smaller ranges.',
    )
    return []
  }
  return ports
}

function normalizePort(entry: Data, path: string[], on: NormalizeContext): DataMap[] {
  if (isDataMap(entry)) return [entry]
  const found = parsePort(String(entry))
  if (typeof found === 'string') {
    on.report(path, found, 'Write it like "8080:80", or as target:, published:, mode:.')
    return []
  }
  if (found.address && found.address !== '0.0.0.0')
    on.dropped(path, `names the address ${found.address}, but Swarm publishes the port on every address`)
  return found.ports
}

function normalizeMount(entry: Data, path: string[], on: NormalizeContext): DataMap[] {
  const mount = isDataMap(entry) ? entry : parseMount(String(entry))
  if (typeof mount === 'string') {
    on.report(path, mount, 'Write it like name:/path, or name:/path:ro.')
    return []
  }
  if (mount.type === 'bind' && (mount.source === undefined || mount.source === '')) {
    on.report(path, 'is a bind mount without a source', 'Add source:.')
  }
  placed(mount.source, path, on)
  placed(mount.target, path, on)
  return [mapValues(mount, (value, key) => onlyKnown(value, MOUNT_OPTIONS[key], [...path, key], on))]
}

/** Keys of mappings in which the CLI takes any key and uses these. */
const MOUNT_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  bind: ['propagation'],
  volume: ['nocopy', 'subpath'],
  tmpfs: ['size'],
}
const FILE_REFERENCE = ['source', 'target', 'uid', 'gid', 'mode']

function fileReference(entry: DataMap, path: string[], on: NormalizeContext): DataMap {
  return wholeNumberAt(asMap(onlyKnown(entry, FILE_REFERENCE, path, on)), 'mode')
}

/** The CLI cuts off what stands behind the point. */
function wholeNumberAt(map: DataMap, key: string): DataMap {
  const value = map[key]
  return typeof value === 'number' ? { ...map, [key]: Math.trunc(value) } : map
}

function onlyKnown(value: Data, known: readonly string[] | undefined, path: string[], on: NormalizeContext): Data {
  if (!known || !isDataMap(value)) return value
  const unused = Object.keys(value).filter((key) => !known.includes(key))
  for (const key of unused) on.dropped([...path, key], 'has no effect: docker stack deploy does not use it')
  return Object.fromEntries(Object.entries(value).filter(([key]) => known.includes(key)))
}

function normalizeNamed(
  entry: DataMap,
  { section, name }: { section: string; name: string },
  on: NormalizeContext,
): DataMap {
  const path = [section, name]
  const result: DataMap = Object.fromEntries(Object.entries(entry).filter(([key]) => !key.startsWith('x-')))
  if (entry.labels !== undefined) result.labels = toMap(entry.labels, [...path, 'labels'], on, '')
  if (entry.driver_opts !== undefined)
    result.driver_opts = mapValues(asMap(entry.driver_opts), (value) => textOf(value))
  const external = isDataMap(entry.external) || entry.external === true
  if (external) return externalOf(result, { section, name }, on)
  delete result.external
  if (section === 'secrets' || section === 'configs') return fileObject(result, path, on)
  return result
}

function externalOf(
  entry: DataMap,
  { section, name }: { section: string; name: string },
  on: NormalizeContext,
): DataMap {
  const path = [section, name]
  const inner = isDataMap(entry.external) ? entry.external.name : undefined
  if (inner !== undefined && entry.name !== undefined)
    on.report([...path, 'external'], 'has a name here and in name:', 'Only use name:.')
  for (const key of section === 'volumes' ? ['driver', 'driver_opts', 'labels'] : []) {
    if (entry[key] !== undefined) on.report([...path, key], `cannot stand beside external: true`, `Remove ${key}:.`)
  }
  return { ...entry, name: inner ?? entry.name ?? name, external: true }
}

function fileObject(entry: DataMap, path: string[], on: NormalizeContext): DataMap {
  if (entry.driver !== undefined) {
    if (entry.file !== undefined) on.report([...path, 'driver'], 'cannot stand beside file:', 'Keep one of the two.')
    return entry
  }
  if (typeof entry.file !== 'string' || entry.file === '') {
    on.report(
      path,
      'has neither file: nor external: true',
      'Add file: with a path inside the recipe, or external: true.',
    )
    return entry
  }
  const file = posix.normalize(entry.file)
  if (posix.isAbsolute(file) || file === '..' || file.startsWith('../') || file.startsWith('~')) {
    on.report([...path, 'file'], `"${entry.file}" leads out of the recipe`, 'Put the file into the recipe.')
  }
  return { ...entry, file }
}

/** A list of `key=value` or a mapping, as a mapping of texts; `missing` is what a key alone means. */
function toMap(value: Data, path: string[], on: NormalizeContext, missing: '' | null): DataMap {
  if (!Array.isArray(value)) return mapValues(asMap(value), (entry) => (entry === null ? missing : textOf(entry)))
  const result: DataMap = {}
  for (const [index, entry] of value.entries()) {
    const text = String(entry)
    const at = text.indexOf('=')
    const key = at === -1 ? text : text.slice(0, at)
    if (key === '__proto__' || key === '')
      on.report([...path, String(index)], `names ${key || 'nothing'}, which is not usable`, 'Use another name.')
    else result[key] = at === -1 ? missing : text.slice(at + 1)
    on.moved([...path, key], [...path, String(index)])
  }
  return result
}

/** As Go prints it: small fractions with an exponent of two digits. */
function textOf(value: Data): string {
  if (value === null) return ''
  return typeof value === 'number' ? goNumber(value) : String(value)
}

function goNumber(value: number): string {
  const text = value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([-+])(\d)$/, 'e$10$2')
}

function asMap(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}

function asList(value: Data | undefined): Data[] {
  return Array.isArray(value) ? value : []
}

function mapValues(map: DataMap, change: (value: Data, key: string) => Data): DataMap {
  const result: DataMap = {}
  for (const [key, value] of Object.entries(map)) result[key] = change(value, key)
  return result
}
