import { isDeepStrictEqual } from 'node:util'
import { type Data, type DataMap, isDataMap } from './source.ts'

/** Lists of a service that the docker CLI merges by one key of their entries: of those that share it, the last stays. */
const KEYS = { ports: 'published', volumes: 'target', secrets: 'source', configs: 'source' } as const

export type KeyedList = keyof typeof KEYS
export const KEYED_LISTS = Object.keys(KEYS) as KeyedList[]

/** Both lists as one, in the order of the key. A missing key is a key too: ports that are not published push each other out. */
export function mergeKeyed(list: KeyedList, below: Data | undefined, above: Data | undefined): DataMap[] {
  const merged = new Map([...entriesOf(below), ...entriesOf(above)].map((entry) => [keyOf(list, entry), entry]))
  return [...merged].sort(([a], [b]) => compare(a, b)).map(([, entry]) => entry)
}

/** What such a merge drops although no overlay stands for it, each with the entry that has its place. */
export function lostInMerge(
  list: KeyedList,
  below: Data | undefined,
  above: Data | undefined,
): { entry: DataMap; winner: DataMap }[] {
  const [lower, upper] = [entriesOf(below), entriesOf(above)]
  const winners = new Map([...lower, ...upper].map((entry) => [keyOf(list, entry), entry]))
  return [...lower, ...upper].flatMap((entry) => {
    const winner = winners.get(keyOf(list, entry)) ?? entry
    const meant = lower.includes(entry) && upper.includes(winner) && isSameThing(list, entry, winner)
    return meant || isDeepStrictEqual(entry, winner) ? [] : [{ entry, winner }]
  })
}

/** An overlay that names a thing again replaces it; a port is the same one by number and protocol only. */
function isSameThing(list: KeyedList, one: DataMap, other: DataMap): boolean {
  return list !== 'ports' || (keyOf(list, one) !== 0 && (one.protocol || 'tcp') === (other.protocol || 'tcp'))
}

function keyOf(list: KeyedList, entry: DataMap): string | number {
  const key = entry[KEYS[list]]
  if (list === 'ports') return typeof key === 'number' ? key : 0
  return typeof key === 'string' ? key : ''
}

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function entriesOf(value: Data | undefined): DataMap[] {
  return Array.isArray(value) ? value.filter(isDataMap) : []
}
