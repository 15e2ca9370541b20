import { closest, distance } from 'fastest-levenshtein'
import type { RecipeError } from '../lib/errors.ts'
import type { SourceLocation } from '../lib/text/source-location.ts'
import { invalid } from './invalid.ts'
import { GROUPS, isSettingName, SETTING_NAMES, type SettingName, settingRow } from './registry.ts'
import { dataSchema, namesAt } from './schema-words.ts'
import type { Path } from './source.ts'

/** ` Did you mean "x"?`-like words when a candidate is near enough; else nothing. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return ''
  const near = closest(name, [...candidates])
  return distance(name, near) <= Math.ceil(name.length / 3) ? `Did you mean ${near}? ` : ''
}

/** The setting that a path leads to or into: `health.status.0` to `health.status`. */
export function settingOf(path: Path): SettingName | null {
  const [first, second] = path.map(String)
  if (first !== undefined && isSettingName(first)) return first
  const dotted = `${first}.${second}`
  return isSettingName(dotted) ? dotted : null
}

export function unknownSetting(path: Path, where: SourceLocation): RecipeError {
  const name = path.map(String).join('.')
  const message = `unknown setting ${name}`
  const newName = earlierNames().get(String(path.at(-1)))
  if (newName) return invalid(message, where, `It is ${newName} now.`)
  const within = settingOf(path.slice(0, -1))
  if (within) return invalid(message, where, allowedWithin(within, path))
  return invalid(
    message,
    where,
    `${didYouMean(name, [...SETTING_NAMES, ...GROUPS])}Allowed: ${SETTING_NAMES.join(', ')}.`,
  )
}

function allowedWithin(setting: SettingName, path: Path): string | undefined {
  const schema = dataSchema(setting)
  const depth = setting.split('.').length
  const names = schema ? namesAt(schema, path.slice(depth, -1)) : []
  if (names.length === 0) return undefined
  return `${didYouMean(String(path.at(-1)), names)}Allowed: ${names.join(', ')}.`
}

function earlierNames(): ReadonlyMap<string, SettingName> {
  return new Map(
    SETTING_NAMES.flatMap((name) => {
      const { earlier } = settingRow(name)
      return earlier === null ? [] : [[earlier, name] as const]
    }),
  )
}
