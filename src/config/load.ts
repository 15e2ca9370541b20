import { lstat, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { messageOf, RecipeError, RecipeErrors } from '../lib/errors.ts'
import type { Place } from '../lib/place.ts'
import { type Settings, type SettingsInput, settingRows, settingsSchema } from './settings.ts'

const FILE = 'cc-ci.yml'
const MAX_BYTES = 256 * 1024

/** The settings of one recipe with where each value away from its default came from. */
export interface LoadedSettings {
  readonly settings: Settings
  /** Dotted name to the place that set it. */
  readonly sources: ReadonlyMap<string, Place>
  /** The same names to the values as a person wrote them: `10m`, not milliseconds. */
  readonly written: ReadonlyMap<string, unknown>
}

/**
 * Reads `cc-ci/cc-ci.yml` of the recipe and `<recipes>/<name>/cc-ci.yml` of the operator; the operator's values win key by
 * key. Throws RecipeErrors `config-invalid` with every problem at once.
 */
export async function loadSettings(options: {
  recipeDir: string
  recipeName: string
  operatorDir?: string
}): Promise<LoadedSettings> {
  const files = [
    await readSettingsFile(join(options.recipeDir, 'cc-ci', FILE), `cc-ci/${FILE}`),
    options.operatorDir ? await operatorFile(join(options.operatorDir, options.recipeName, FILE)) : null,
  ].filter((file) => file !== null)
  const errors = files.flatMap((file) => file.errors)
  if (errors.length > 0) throw new RecipeErrors(errors)
  const merged = files.reduce<Record<string, unknown>>((all, file) => mergeKeys(all, file.data), {})
  const sources = new Map(files.flatMap((file) => [...file.places]))
  const written = new Map([...sources.keys()].map((name) => [name, valueAt(merged, name.split('.'))]))
  return { settings: deepFreeze(settingsSchema.parse(merged as SettingsInput)), sources, written }
}

interface SettingsFile {
  readonly data: Record<string, unknown>
  readonly places: ReadonlyMap<string, Place>
  readonly errors: readonly RecipeError[]
}

function operatorFile(path: string): Promise<SettingsFile | null> {
  return readSettingsFile(path, path)
}

/** `file` is the name a reader knows it by: a checkout's own path would mean nothing to them. */
async function readSettingsFile(path: string, file: string): Promise<SettingsFile | null> {
  const info = await lstat(path).catch(() => null)
  if (!info) return null
  if (!info.isFile() || info.size > MAX_BYTES) {
    throw new RecipeError('config-invalid', `${FILE} is not a file of at most ${MAX_BYTES} bytes`, { where: { file } })
  }
  const counter = new LineCounter()
  const document = parseDocument(await readFile(path, 'utf8'), { lineCounter: counter, prettyErrors: false })
  const syntax = document.errors.map((error) => invalid(error.message, placeAt(file, counter, error.pos[0])))
  if (syntax.length > 0) return { data: {}, places: new Map(), errors: syntax }
  const data = plainData(document, file)
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    return {
      data: {},
      places: new Map(),
      errors: [invalid('the file must be a mapping of settings', { file, line: 1, column: 1 })],
    }
  }
  const place = (path: readonly PropertyKey[]) => placeOf(file, counter, document, path)
  return { data: data as Record<string, unknown>, places: placesOf(data, place), errors: problems(data, place) }
}

/** Throws RecipeError `config-invalid` for aliases that lead nowhere or multiply. */
function plainData(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 }) ?? {}
  } catch (error) {
    throw new RecipeErrors([invalid(messageOf(error), { file })])
  }
}

function problems(data: object, place: (path: readonly PropertyKey[]) => Place): RecipeError[] {
  const parsed = settingsSchema.safeParse(data)
  if (parsed.success) return []
  return parsed.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key], place([...issue.path, key])))
    }
    const found = JSON.stringify(valueAt(data, issue.path))?.slice(0, 80)
    return [invalid(`${issue.path.join('.')}: ${issue.message}; found ${found}`, place(issue.path))]
  })
}

function unknownKey(path: readonly PropertyKey[], where: Place): RecipeError {
  const name = path.join('.')
  const names = settingRows().map((row) => row.name)
  const groups = names.filter((full) => full.includes('.')).map((full) => full.slice(0, full.indexOf('.')))
  const near = closest(name, [...names, ...groups])
  const meant = distance(name, near) <= Math.ceil(name.length / 3) ? `Did you mean ${near}? ` : ''
  return new RecipeError('config-invalid', `unknown setting ${name}`, {
    where,
    hint: `${meant}Allowed: ${names.join(', ')}.`,
  })
}

function invalid(message: string, where: Place): RecipeError {
  return new RecipeError('config-invalid', message, { where })
}

function placeAt(file: string, counter: LineCounter, offset: number): Place {
  const { line, col } = counter.linePos(offset)
  return { file, line, column: col }
}

function placeOf(file: string, counter: LineCounter, document: Document, path: readonly PropertyKey[]): Place {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length) as string[], true)
    const range =
      node && typeof node === 'object' && 'range' in node ? (node.range as [number, number, number] | null) : null
    if (range) return placeAt(file, counter, range[0])
  }
  return { file }
}

function placesOf(data: object, place: (path: readonly PropertyKey[]) => Place): Map<string, Place> {
  const set = settingRows().filter(({ name }) => valueAt(data, name.split('.')) !== undefined)
  return new Map(set.map(({ name }) => [name, place(name.split('.'))]))
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value && typeof value === 'object' ? (value as Record<PropertyKey, unknown>)[key] : undefined),
    data,
  )
}

/** Two levels deep, because settings are grouped once: `timeouts.deploy` of one file joins `timeouts.http` of the other. */
function mergeKeys(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const joined = Object.entries(over).map(([key, value]) => {
    const below = under[key]
    const both = [below, value].every((side) => typeof side === 'object' && side !== null && !Array.isArray(side))
    return [key, both ? { ...(below as object), ...(value as object) } : value]
  })
  return { ...under, ...Object.fromEntries(joined) }
}

function deepFreeze<T>(value: T): T {
  if (value && typeof value === 'object') {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}
