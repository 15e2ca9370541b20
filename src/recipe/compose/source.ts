import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  visit,
  type YAMLMap,
} from 'yaml'
import { RecipeError } from '../../lib/errors.ts'
import { parseBoundedYaml } from '../../lib/files/bounded-yaml.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'
import { plainScalar } from './scalar.ts'

/** Plain data of a compose file: what JSON can hold. */
export type Data = string | number | boolean | null | Data[] | { [key: string]: Data }
export type DataMap = { [key: string]: Data }

/** One compose file as data, with the place of every path. */
export interface ComposeSource {
  readonly file: string
  readonly data: DataMap
  /** Path joined with `pathKey` to where it was written. */
  readonly places: Map<string, SourceLocation>
}

/** More values than this, after anchors are expanded, is an attack or a mistake. */
const MAX_VALUES = 10_000

/** What all its texts may hold together once anchors are expanded: several times the size of any file that is read. */
const MAX_CHARACTERS = 4 * 1024 * 1024

/** A key stands in the path of everything below it; YAML itself ends those without a question mark there. */
const LONGEST_KEY = 1024

export function pathKey(path: readonly string[]): string {
  return path.join('\0')
}

/** True for a mapping. */
export function isDataMap(value: Data | undefined): value is DataMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses one compose file as the docker CLI does, merge keys and anchors included. Problems go to `errors`. */
export function parseCompose(text: string, file: string, errors: RecipeError[]): ComposeSource | null {
  const parsed = parseBoundedYaml(text, { schema: 'failsafe', logLevel: 'silent' })
  const placeAt = (offset: number): SourceLocation => {
    const { line, col } = parsed.lines.linePos(offset)
    return { file, line, column: col }
  }
  if ('tooMuch' in parsed) {
    const hint = 'No recipe needs so much: take it apart.'
    errors.push(new RecipeError('compose-invalid', parsed.tooMuch, { where: placeAt(parsed.offset), hint }))
    return null
  }
  const { document } = parsed
  for (const { message, pos } of document.errors) {
    errors.push(
      new RecipeError('compose-invalid', message, { where: placeAt(pos[0]), hint: 'Correct the YAML there.' }),
    )
  }
  if (document.errors.length > 0) return null
  const reader = new Reader(document, text, placeAt)
  const data = reader.read()
  errors.push(...reader.errors)
  if (reader.errors.length > 0) return null
  if (!isDataMap(data)) {
    errors.push(
      new RecipeError('compose-invalid', 'is not a mapping of keys to values', {
        where: { file, line: 1 },
        hint: 'A compose file begins with keys such as services:.',
      }),
    )
    return null
  }
  return { file, data, places: reader.places }
}

class Reader {
  readonly places = new Map<string, SourceLocation>()
  readonly errors: RecipeError[] = []
  readonly #document: Document
  readonly #targets: ReadonlyMap<Alias, Node>
  readonly #text: string
  readonly #placeAt: (offset: number) => SourceLocation
  readonly #open = new Set<Node>()
  #values = 0
  #characters = 0

  constructor(document: Document, text: string, placeAt: (offset: number) => SourceLocation) {
    this.#document = document
    this.#targets = targetsOf(document)
    this.#text = text
    this.#placeAt = placeAt
  }

  read(): Data {
    return this.#value(this.#document.contents as Node | null, [])
  }

  #value(node: Node | null | undefined, path: string[]): Data {
    if (!node || this.errors.length > 20) return null
    if (++this.#values > MAX_VALUES) {
      if (this.#values === MAX_VALUES + 1)
        this.#fail(node, `holds more than ${MAX_VALUES} values once its anchors are expanded`)
      return null
    }
    const key = pathKey(path)
    if (node.range && !this.places.has(key)) this.places.set(key, this.#placeAt(node.range[0]))
    if (isAlias(node)) return this.#within(node, this.#targets.get(node), path)
    if (isMap(node)) return this.#map(node, path)
    if (isSeq(node)) return node.items.map((item, index) => this.#value(item as Node, [...path, String(index)]))
    return isScalar(node) ? this.#counted(node) : null
  }

  #counted(node: Scalar): Data {
    const value = this.#scalar(node)
    if (typeof value !== 'string') return value
    const before = this.#characters
    this.#characters += value.length
    if (this.#characters <= MAX_CHARACTERS) return value
    if (before > MAX_CHARACTERS) return null
    return this.#fail(node, `holds more than ${MAX_CHARACTERS} characters once its anchors are expanded`)
  }

  #within(alias: Node, target: Node | undefined, path: string[]): Data {
    if (!target) return this.#fail(alias, `refers to an anchor that does not exist: ${alias.toString()}`)
    if (this.#open.has(target)) return this.#fail(alias, 'refers to an anchor that contains it')
    this.#open.add(target)
    const value = this.#value(target, path)
    this.#open.delete(target)
    return value
  }

  #map(node: YAMLMap, path: string[]): DataMap {
    this.#open.add(node)
    const result: DataMap = {}
    const merged: DataMap[] = []
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const key = this.#key(pair.key)
      if (key === undefined) continue
      if (isMergeKey(pair.key)) merged.push(...this.#mergeKey(pair.value, path))
      else {
        if (pair.key.range) this.places.set(pathKey([...path, key]), this.#placeAt(pair.key.range[0]))
        result[key] = this.#value(pair.value, [...path, key])
      }
    }
    this.#open.delete(node)
    // What stands in the mapping itself wins; of several merged mappings the first.
    return Object.assign({}, ...merged.reverse(), result)
  }

  #mergeKey(value: Node | null, path: string[]): DataMap[] {
    const nodes = isSeq(value) ? (value.items as Node[]) : [value]
    return nodes.flatMap((node) => {
      const data = this.#value(node, path)
      if (isDataMap(data)) return [data]
      if (node) this.#fail(node, 'is merged by << but is no mapping')
      return []
    })
  }

  #key(node: Node): string | undefined {
    const target = isAlias(node) ? this.#targets.get(node) : node
    if (!isScalar(target)) {
      this.#fail(node, 'is not usable as a key')
      return undefined
    }
    const value = isMergeKey(target) ? '<<' : this.#scalar(target)
    if (typeof value === 'string' && value.length > LONGEST_KEY) {
      this.#fail(node, `is a key of ${value.length} characters; it may have ${LONGEST_KEY}`)
      return undefined
    }
    if (typeof value === 'string' && value !== '__proto__') return value
    if (value === '__proto__') this.#fail(node, 'is the key __proto__, which is not usable')
    else this.#fail(node, `is the key ${String(value)}, which is not text: put it in quotes`)
    return undefined
  }

  #scalar(node: Scalar): string | number | boolean | null {
    const text = typeof node.source === 'string' ? node.source : String(node.value ?? '')
    if (node.type === Scalar.QUOTE_DOUBLE && this.#hasEscapedSlash(node))
      return this.#fail(node, 'has \\/ in double quotes, which the docker CLI cannot read: leave the \\ out')
    if (node.tag?.endsWith(':binary')) return Buffer.from(text, 'base64').toString()
    const plain = node.type === undefined || node.type === Scalar.PLAIN
    const typed = /:(int|float|bool|null)$/.test(node.tag ?? '')
    if (!typed && !(plain && !node.tag)) return text
    return /^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/.test(text)
      ? this.#fail(node, `is ${text}, which is no number in a compose file: put it in quotes`)
      : plainScalar(text)
  }

  /** The only escape that YAML 1.2 has and the CLI's reader has not. */
  #hasEscapedSlash({ range }: Scalar): boolean {
    return range ? /(?<!\\)(\\\\)*\\\//.test(this.#text.slice(range[0], range[1])) : false
  }

  #fail(node: Node, message: string): null {
    const where = node.range ? this.#placeAt(node.range[0]) : undefined
    this.errors.push(
      new RecipeError('compose-invalid', message, { hint: 'Correct the YAML there.', ...(where ? { where } : {}) }),
    )
    return null
  }
}

/** What each alias stands for, in one walk: the library looks through the document for each. An anchor that is given again counts from there on. */
function targetsOf(document: Document): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Alias(_, alias) {
      const target = anchors.get(alias.source)
      if (target) targets.set(alias, target)
    },
    Value(_, node) {
      if (node.anchor) anchors.set(node.anchor, node)
    },
  })
  return targets
}

/** In quotes it is a key like any other. */
function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.source === '<<' && key.type === Scalar.PLAIN
}
