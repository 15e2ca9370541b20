import { DURATION_KEYS } from './go-duration.ts'
import { type Data, type DataMap, isDataMap } from './source.ts'

/** Counts where zero is a value and not "unset". */
const COUNTS = new Set(['replicas', 'retries', 'parallelism', 'max_attempts'])

/** Mappings of texts, merged key by key, where even an empty text of the overlay wins. */
const TEXT_MAPS = new Set(['labels', 'sysctls', 'driver_opts'])

type Merge = (below: Data, above: Data) => Data

/** Keys of a service that do not follow the general rule. */
const SPECIAL: Readonly<Record<string, Merge>> = {
  command: replaceUnlessEmpty,
  entrypoint: replaceUnlessEmpty,
  environment: mergeEnvironment,
  logging: mergeLogging,
  networks: mergeNetworks,
  ulimits: (below, above) => ({ ...asMap(below), ...asMap(above) }),
  ports: (below, above) => byKey(below, above, (port) => JSON.stringify(Object.entries(port).sort()), 'published'),
  volumes: (below, above) => byKey(below, above, (mount) => String(mount.target), 'target'),
  secrets: (below, above) => byKey(below, above, (secret) => String(secret.source), 'source'),
  configs: (below, above) => byKey(below, above, (config) => String(config.source), 'source'),
}

/**
 * Merges normalised files, later over earlier, as `docker stack deploy -c a -c b` does (docker/cli cli/compose/loader/merge.go):
 * services key by key, everything else entry by entry as a whole. False, zero and empty text do not win over a value; lists,
 * the health check's test included, are joined.
 */
export function mergeFiles(files: readonly DataMap[]): DataMap {
  let merged = files[0] ?? {}
  for (const above of files.slice(1)) merged = mergeTwo(merged, above)
  return merged
}

function mergeTwo(below: DataMap, above: DataMap): DataMap {
  const services = { ...asMap(below.services) }
  for (const [name, service] of Object.entries(asMap(above.services))) {
    const existing = services[name]
    services[name] = existing === undefined ? service : mergeService(asMap(existing), asMap(service))
  }
  const section = (key: string) => ({ ...asMap(below[key]), ...asMap(above[key]) })
  const sections = { networks: section('networks'), volumes: section('volumes'), secrets: section('secrets') }
  return { ...below, services, ...sections, configs: section('configs') }
}

function mergeService(below: DataMap, above: DataMap): DataMap {
  const result = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const special = Object.hasOwn(SPECIAL, key) ? SPECIAL[key] : undefined
    const existing = below[key]
    result[key] =
      existing === undefined || existing === null
        ? value
        : special
          ? special(existing, value)
          : mergeValue(existing, value, key)
  }
  // The CLI sorts these lists as soon as there are two files.
  for (const key of ['ports', 'volumes', 'secrets', 'configs']) {
    const existing = result[key]
    if (existing !== undefined && above[key] === undefined) result[key] = SPECIAL[key]?.(existing, []) ?? existing
  }
  return result
}

function mergeValue(below: Data | undefined, above: Data, key: string): Data {
  if (below === undefined || below === null) return above
  if (Array.isArray(below) && Array.isArray(above)) return [...below, ...above]
  if (isDataMap(below) && isDataMap(above)) {
    const merged = { ...below }
    for (const [name, value] of Object.entries(above))
      merged[name] = TEXT_MAPS.has(key) ? value : mergeValue(below[name], value, name)
    return merged
  }
  const unset =
    above === null || above === '' || above === false || (above === 0 && !COUNTS.has(key)) || isZeroDuration(above, key)
  return unset ? below : above
}

function isZeroDuration(value: Data, key: string): boolean {
  return DURATION_KEYS.has(key) && typeof value === 'string' && !/[1-9]/.test(value)
}

function replaceUnlessEmpty(below: Data, above: Data): Data {
  return Array.isArray(above) && above.length > 0 ? above : below
}

/** A key without value, or with an empty one, does not take a value away. */
function mergeEnvironment(below: Data, above: Data): Data {
  const result = { ...asMap(below) }
  for (const [name, value] of Object.entries(asMap(above))) {
    const existing = result[name]
    const wins = existing === undefined || (value === '' && existing === null) || (value !== null && value !== '')
    if (wins) result[name] = value
  }
  return result
}

function mergeLogging(below: Data, above: Data): Data {
  const [a, b] = [asMap(below), asMap(above)]
  if (a.driver && b.driver && a.driver !== b.driver) return b
  const result: DataMap = { ...a }
  if (!a.driver && b.driver) result.driver = b.driver
  // The CLI loses the overlay's options when there were none below.
  if (a.options !== undefined) result.options = { ...asMap(a.options), ...asMap(b.options) }
  return result
}

/** Aliases are replaced, even by none; addresses only when the overlay has some. */
function mergeNetworks(below: Data, above: Data): Data {
  const result = { ...asMap(below) }
  for (const [name, value] of Object.entries(asMap(above))) {
    const existing = result[name]
    if (!isDataMap(existing)) result[name] = existing === undefined || value !== null ? value : existing
    else if (isDataMap(value)) {
      const { aliases: _, ...kept } = existing
      const { aliases, ipv4_address, ipv6_address } = value
      result[name] = {
        ...kept,
        ...(aliases ? { aliases } : {}),
        ...(ipv4_address ? { ipv4_address } : {}),
        ...(ipv6_address ? { ipv6_address } : {}),
      }
    }
  }
  return result
}

function byKey(below: Data, above: Data, keyOf: (entry: DataMap) => string, sortBy: string): Data {
  const entries = [...asEntries(below), ...asEntries(above)]
  const merged = new Map(entries.map((entry) => [keyOf(entry), entry]))
  return [...merged.values()].sort((a, b) =>
    compare(a[sortBy] ?? (sortBy === 'published' ? 0 : ''), b[sortBy] ?? (sortBy === 'published' ? 0 : '')),
  )
}

function compare(a: Data, b: Data): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}

function asEntries(value: Data): DataMap[] {
  return Array.isArray(value) ? value.filter(isDataMap) : []
}

function asMap(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}
