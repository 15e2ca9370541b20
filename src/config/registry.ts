import type { z } from 'zod'
import type { FunctionForm, SettingRow } from './row.ts'
import { hookRows } from './rows/hooks.ts'
import { lifeRows } from './rows/life.ts'
import { operatorRows } from './rows/operator.ts'
import { servingRows } from './rows/serving.ts'

/**
 * The registry of a recipe's settings: one row each, by dotted name. Loading, errors, the reference page, the JSON Schema,
 * the types of `cc-ci.config.ts` and `cc-ci init` all come from it.
 */
const SETTINGS = { ...servingRows, ...lifeRows, ...hookRows, ...operatorRows } as const satisfies Record<
  string,
  SettingRow<z.ZodType | null, unknown>
>

export type Rows = typeof SETTINGS
export type SettingName = keyof Rows
export type AnyRow = SettingRow<z.ZodType | null, unknown>

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

export function settingRow(name: SettingName): AnyRow {
  return SETTINGS[name] as AnyRow
}

export function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(SETTINGS, text)
}

/** `health`, `timeouts` and the other first halves of dotted names. */
export const GROUPS: readonly string[] = [
  ...new Set(SETTING_NAMES.filter((name) => name.includes('.')).map((name) => name.slice(0, name.indexOf('.')))),
]

/** The form as a function; null where a setting is data only. */
export function functionForm(name: SettingName): FunctionForm | null {
  return settingRow(name).call
}
