import { isDeepStrictEqual } from 'node:util'
import { isMap, parseDocument } from 'yaml'
import { KEYED_LISTS, mergeKeyed } from '../../recipe/compose/keyed-lists.ts'
import { mergeFiles } from '../../recipe/compose/merge.ts'
import { neededVersion } from '../../recipe/compose/schema.ts'
import { type Data, type DataMap, isDataMap } from '../../recipe/compose/source.ts'
import type { ComposeModel } from '../../recipe/model.ts'
import { composeText } from '../../recipe/stack/compose-text.ts'

/** The compose file of a run, beside those of the recipe in its own clone. */
export const RUN_FILE = 'compose.cc-ci.yml'

/** How the stack that was meant is told to a program that reads the recipe's compose files itself. */
export type RunFile =
  | {
      /** Merged over the recipe's files it gives what was meant. */
      readonly kind: 'overlay'
      readonly text: string
      /** What all files must be of; null: they say none, and are read as the newest. */
      readonly version: string | null
    }
  /** It holds the whole stack and is read alone, because of the place where a merge gives something else. */
  | { readonly kind: 'whole'; readonly text: string; readonly why: string }

/** `recipe`: what its files say. `meant`: what is to be deployed. */
export function runFile(recipe: ComposeModel, meant: ComposeModel): RunFile {
  const below = data(recipe)
  const wanted = withUnset(below, data(meant))
  const overlay = difference(below, wanted)
  const merged = mergeFiles([below, overlay], () => undefined)
  const [why] = unequal(canonical(wanted), canonical(merged))
  if (why !== undefined) return { kind: 'whole', text: composeText(meant), why }
  const version = recipe.version === undefined ? null : newer(recipe.version, neededVersion(meant))
  return { kind: 'overlay', text: overlayText(overlay, version), version }
}

/** A compose file with another version, and nothing else of it changed. */
export function withVersion(text: string, version: string): string {
  const document = parseDocument(text, { schema: 'failsafe', logLevel: 'silent', keepSourceTokens: true })
  const root = document.contents
  const pair = isMap(root) ? root.items.find(({ key }) => String(key) === 'version') : undefined
  const range = (pair?.value as { range?: readonly number[] | null } | null | undefined)?.range
  if (!range) return text
  return `${text.slice(0, range[0])}"${version}"${text.slice(range[1])}`
}

function overlayText(overlay: DataMap, version: string | null): string {
  // `composeText` writes the version that its document needs, which may be older than that of the recipe's files.
  const text = composeText({
    ...({ services: {}, networks: {}, volumes: {}, secrets: {}, configs: {} } satisfies ComposeModel),
    ...(overlay as unknown as ComposeModel),
  })
  return version === null ? text.replace(/^version:.*\n/, '') : withVersion(text, version)
}

function newer(one: string, other: string): string {
  return one.localeCompare(other, 'en', { numeric: true }) >= 0 ? one : other
}

/** Plain data, without what is undefined. */
function data({ version: _, ...model }: ComposeModel): DataMap {
  return JSON.parse(JSON.stringify(model)) as DataMap
}

/** A variable that has no value anywhere is left out of what was meant; abra has none for it either. */
function withUnset(below: DataMap, wanted: DataMap): DataMap {
  const services = Object.entries(map(wanted.services)).map(([name, service]) => {
    const unset = Object.entries(map(map(map(below.services)[name]).environment)).filter(([, value]) => value === null)
    if (unset.length === 0) return [name, service] as const
    return [
      name,
      { ...map(service), environment: { ...Object.fromEntries(unset), ...map(map(service).environment) } },
    ] as const
  })
  return { ...wanted, services: Object.fromEntries(services) }
}

/** What a file must say to turn `below` into `wanted`: services key by key, everything else whole. */
function difference(below: DataMap, wanted: DataMap): DataMap {
  const services = Object.entries(map(wanted.services)).flatMap(([name, service]) => {
    const changed = changes(map(map(below.services)[name]), map(service))
    return Object.keys(changed).length > 0 ? [[name, changed] as const] : []
  })
  const sections = ['networks', 'volumes', 'secrets', 'configs'].flatMap((section) => {
    const entries = Object.entries(map(wanted[section])).filter(
      ([name, entry]) => !isDeepStrictEqual(entry, map(below[section])[name]),
    )
    return entries.length > 0 ? [[section, Object.fromEntries(entries)] as const] : []
  })
  return { services: Object.fromEntries(services), ...Object.fromEntries(sections) }
}

function changes(below: DataMap, wanted: DataMap): DataMap {
  const changed = Object.entries(wanted).filter(([key, value]) => !isDeepStrictEqual(value, below[key]))
  return Object.fromEntries(changed.map(([key, value]) => [key, change(key, below[key], value)]))
}

function change(key: string, below: Data | undefined, wanted: Data): Data {
  if (isDataMap(below) && isDataMap(wanted)) return changes(below, wanted)
  const isJoined = Array.isArray(below) && Array.isArray(wanted) && !(KEYED_LISTS as string[]).includes(key)
  const begins = isJoined && isDeepStrictEqual(wanted.slice(0, below.length), below)
  return begins ? wanted.slice(below.length) : wanted
}

/** The same stack written in one way: lists that are merged by a key have no order. */
function canonical(stack: DataMap): DataMap {
  const services = Object.entries(map(stack.services)).map(([name, service]) => {
    const sorted = KEYED_LISTS.flatMap((list) => {
      const entries = map(service)[list]
      if (!Array.isArray(entries)) return []
      // One by one: those that share a key stay, so that their loss is seen.
      return [
        [
          list,
          entries
            .map((entry) => mergeKeyed(list, [entry], [])[0] ?? entry)
            .map(stable)
            .sort(),
        ] as const,
      ]
    })
    return [name, { ...map(service), ...Object.fromEntries(sorted) }] as const
  })
  return { ...stack, services: Object.fromEntries(services) }
}

function stable(value: Data): string {
  return JSON.stringify(value, (_, child: unknown) =>
    isDataMap(child as Data)
      ? Object.fromEntries(Object.entries(child as DataMap).sort(([a], [b]) => (a < b ? -1 : 1)))
      : child,
  )
}

/** Paths at which two stacks differ: `services.app.ports`. */
function unequal(one: Data | undefined, other: Data | undefined, path: readonly string[] = []): string[] {
  if (isDeepStrictEqual(one, other)) return []
  if (!isDataMap(one) || !isDataMap(other)) return [path.join('.')]
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  return keys.flatMap((key) => unequal(one[key], other[key], [...path, key]))
}

function map(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}
