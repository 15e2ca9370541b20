import type { z } from 'zod'
import type { RecipeError } from '../lib/errors.ts'
import type { SplitSettings } from './functions.ts'
import { invalid } from './invalid.ts'
import { settingOf, unknownSetting } from './names.ts'
import { SETTING_NAMES, settingRow } from './registry.ts'
import { dataSchema, typeWords } from './schema-words.ts'
import { isSecretName, maskSecretNames } from './secret-names.ts'
import { settingsSchema } from './settings.ts'
import { type Path, type SettingsSource, valueAt } from './source.ts'

type Issue = z.core.$ZodIssue

/** Everything that is wrong with the data of one file. */
export function dataProblems(source: SettingsSource, { data, judged }: SplitSettings): RecipeError[] {
  const parsed = settingsSchema.safeParse(data)
  const issues = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => issueErrors(issue, { source, data, judged }))
  return [...issues, ...hiddenNames(source, data, []), ...operatorOnly(source)]
}

interface Judging {
  readonly source: SettingsSource
  readonly data: unknown
  readonly judged: readonly Path[]
}

function issueErrors(issue: Issue, judging: Judging): RecipeError[] {
  const { source, data, judged } = judging
  if (judged.some((path) => path.every((key, index) => String(issue.path[index]) === String(key)))) return []
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownSetting([...issue.path, key], source.keyPlace([...issue.path, key])))
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = nearestBranch(issue.errors)
    if (nearest) return nearest.flatMap((inner) => issueErrors(within(issue.path, inner), judging))
  }
  const value = valueAt(data, issue.path)
  const message = issue.code === 'invalid_union' ? 'is none of what is allowed' : issue.message
  return [
    invalid(
      `${issue.path.join('.')}: ${message}; found ${found(value, issue.path)}`,
      source.valuePlace(issue.path),
      allowed(issue.path),
    ),
  ]
}

/** The form that was most likely meant: the one with the fewest faults, when these lie deeper than the value itself. */
function nearestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const deep = branches.filter(
    (issues) => !issues.some(({ path, code }) => path.length === 0 && code !== 'unrecognized_keys'),
  )
  return [...deep].sort((a, b) => a.length - b.length)[0]
}

function within(path: Path, issue: Issue): Issue {
  return { ...issue, path: [...path, ...issue.path] }
}

function allowed(path: Path): string | undefined {
  const setting = settingOf(path)
  const schema = setting && dataSchema(setting)
  return schema ? `Allowed for ${setting}: ${typeWords(schema)}.` : undefined
}

/** Secret values do not stand in errors either. */
function found(value: unknown, path: Path): string {
  if (path.some((key) => isSecretName(String(key)))) return '***'
  return JSON.stringify(maskSecretNames(value))?.slice(0, 80) ?? 'nothing'
}

/** The schema does not see a key of this name, and takes it for none. */
function hiddenNames(source: SettingsSource, value: unknown, path: Path): RecipeError[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === '__proto__'
      ? [unknownSetting([...path, key], source.keyPlace([...path, key]))]
      : hiddenNames(source, inner, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

function operatorOnly({ side, data, keyPlace }: SettingsSource): RecipeError[] {
  if (side === 'operator') return []
  const set = SETTING_NAMES.filter(
    (name) => settingRow(name).operatorOnly && valueAt(data, name.split('.')) !== undefined,
  )
  return set.map((name) =>
    invalid(
      `${name} is for the operator alone`,
      keyPlace(name.split('.')),
      "A recipe cannot set it; it belongs into the recipe's folder below --recipes.",
    ),
  )
}
