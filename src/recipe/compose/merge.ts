import { DURATION_KEYS } from './go-duration.ts'
import { KEYED_LISTS, type KeyedList, lostInMerge, mergeKeyed } from './keyed-lists.ts'
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
}

/** Told of each entry of a list that merging drops although no overlay stands for it; `winner` has its place. */
export type OnLostEntry = (place: { service: string; list: KeyedList }, entry: DataMap, winner: DataMap) => void

/**
 * Merges normalised files, later over earlier, as `docker stack deploy -c a -c b` does (docker/cli cli/compose/loader/merge.go):
 * services key by key, everything else entry by entry as a whole. False, zero and empty text do not win over a value; lists,
 * the health check's test included, are joined.
 */
export function mergeFiles(files: readonly DataMap[], lost: OnLostEntry): DataMap {
  let merged = files[0] ?? {}
  for (const above of files.slice(1)) merged = mergeTwo(merged, above, lost)
  return merged
}

function mergeTwo(below: DataMap, above: DataMap, lost: OnLostEntry): DataMap {
  const services = { ...asMap(below.services) }
  for (const [name, service] of Object.entries(asMap(above.services))) {
    const existing = services[name]
    services[name] = existing === undefined ? service : mergeService(asMap(existing), asMap(service))
    for (const list of existing === undefined ? [] : KEYED_LISTS) {
      for (const { entry, winner } of lostInMerge(list, asMap(existing)[list], asMap(service)[list]))
        lost({ service: name, list }, entry, winner)
    }
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
  // As soon as there are two files, also where the overlay does not name them.
  for (const list of KEYED_LISTS) {
    if (result[list] !== undefined) result[list] = mergeKeyed(list, below[list], above[list])
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
      const { aliases: _, ...rest } = existing
      const { aliases, ipv4_address, ipv6_address } = value
      result[name] = {
        ...rest,
        ...(aliases ? { aliases } : {}),
        ...(ipv4_address ? { ipv4_address } : {}),
        ...(ipv6_address ? { ipv6_address } : {}),
      }
    }
  }
  return result
}

function asMap(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}
