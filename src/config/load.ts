import { collectErrors } from '../lib/collect-errors.ts'
import { type RecipeError, RecipeErrors } from '../lib/errors.ts'
import type { SourceLocation } from '../lib/text/source-location.ts'
import { type Dependencies, dependencyProblems } from './dependencies.ts'
import { operatorFolder, recipeFolder, type SettingsFolders } from './folders.ts'
import { type FoundFunction, type FunctionRef, splitFunctions } from './functions.ts'
import type { CustomFolder } from './own-file.ts'
import { dataProblems } from './problems.ts'
import { SETTING_NAMES, type SettingName } from './registry.ts'
import { maskSecretNames } from './secret-names.ts'
import { type Settings, type SettingsInput, settingsSchema } from './settings.ts'
import { readSettingsFile } from './settings-file.ts'
import { isMapping, type SettingsSource, valueAt } from './source.ts'

/** The settings of one recipe with where each value away from its default came from. */
export interface LoadedSettings {
  /** The data; a setting that is a function is at its default here. */
  readonly settings: Settings
  /** By dotted name; a function replaces the data that another file has, and the reverse. */
  readonly functions: ReadonlyMap<string, FunctionRef>
  /** Dotted name to the place that set it, data and functions. */
  readonly sources: ReadonlyMap<string, SourceLocation>
  /** The same names to the values as a person wrote them, to be shown: `10m`, not milliseconds; secret-named values masked. */
  readonly written: ReadonlyMap<string, unknown>
}

export interface LoadOptions extends SettingsFolders, Dependencies {}

/**
 * Reads the settings file of the recipe's `cc-ci/` and of the operator's `<operatorDir>/<recipeName>/`; the operator's win
 * key by key. Nothing of a recipe is run. Throws RecipeErrors `config-invalid` with every problem at once.
 */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const errors: RecipeError[] = []
  const folders = await customFolders(options, errors)
  const loaded = await loadFrom(folders, options, errors)
  if (!loaded) throw new RecipeErrors(errors)
  return loaded
}

/** The folders that exist, the operator's last. */
export async function customFolders(places: SettingsFolders, errors: RecipeError[]): Promise<CustomFolder[]> {
  const own = await collectErrors(errors, () => recipeFolder(places.recipeDir))
  return [own, await operatorFolder(places)].filter((folder) => folder !== null)
}

/** Null when there are errors, which are added to `errors`. */
export async function loadFrom(
  folders: readonly CustomFolder[],
  around: Dependencies,
  errors: RecipeError[],
): Promise<LoadedSettings | null> {
  const files: SettingsFile[] = []
  for (const folder of folders) {
    const source = await collectErrors(errors, () => readSettingsFile(folder))
    if (source) files.push(await check(source, around, errors))
  }
  return errors.length > 0 ? null : join(files)
}

interface SettingsFile {
  readonly source: SettingsSource
  readonly data: Readonly<Record<string, unknown>>
  readonly functions: readonly FoundFunction[]
}

async function check(source: SettingsSource, around: Dependencies, errors: RecipeError[]): Promise<SettingsFile> {
  const split = splitFunctions(source)
  // What could not be read of a file would be judged as missing.
  const data = source.errors.length > 0 ? [] : dataProblems(source, split)
  const all = [...source.errors, ...split.errors, ...data, ...(await dependencyProblems(source, around))]
  errors.push(...all.sort(byPlace))
  return { source, data: split.data, functions: split.functions }
}

function byPlace({ where: a }: RecipeError, { where: b }: RecipeError): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0)
}

function join(files: readonly SettingsFile[]): LoadedSettings {
  const data = new Map<SettingName, unknown>()
  const found = new Map<string, FoundFunction>()
  const sources = new Map<string, SourceLocation>()
  for (const { source, data: own, functions } of files) {
    for (const name of SETTING_NAMES) {
      const value = valueAt(own, name.split('.'))
      const code = functions.find((candidate) => candidate.name === name)
      if (value === undefined && !code) continue
      sources.set(name, code?.where ?? source.valuePlace(name.split('.')))
      if (code) found.set(name, code)
      else found.delete(name)
      if (code) data.delete(name)
      else data.set(name, joined(data.get(name), value))
    }
  }
  const settings = deepFreeze(settingsSchema.parse(nested(data)))
  const { hook } = settings.timeouts
  const functions = new Map([...found].map(([name, ref]) => [name, { ...ref, timeoutMs: ref.timeoutMs ?? hook }]))
  const written = new Map([...sources.keys()].map((name) => [name, shown(name, data, functions)]))
  return { settings, functions, sources, written }
}

/** Two mappings are joined key by key; of everything else the later stands. */
function joined(under: unknown, over: unknown): unknown {
  return isMapping(under) && isMapping(over) ? { ...under, ...over } : over
}

function nested(data: ReadonlyMap<SettingName, unknown>): SettingsInput {
  const all: Record<string, unknown> = {}
  for (const [name, value] of data) {
    const [first = '', second] = name.split('.')
    all[first] = second === undefined ? value : { ...(all[first] as object | undefined), [second]: value }
  }
  return all
}

function shown(name: string, data: ReadonlyMap<string, unknown>, functions: ReadonlyMap<string, FunctionRef>): unknown {
  const code = functions.get(name)
  return code ? `(${code.params.join(', ')}) => …` : maskSecretNames(data.get(name), name)
}

function deepFreeze<T>(value: T): T {
  if (value && typeof value === 'object') {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}
