import type { z } from 'zod'

/** A setting's form as code: what it gets and what it gives back, as TypeScript. */
export interface FunctionForm {
  readonly params: readonly ('ctx' | 'page')[]
  readonly result: string
  /** Compiled in a test, and read back by the loader. */
  readonly example: string
}

/** One setting. The type of `default` and `example` follows the schema; null as a default is "nothing set". */
export interface SettingRow<Schema extends z.ZodType | null, Default> {
  /** Its name in the earlier system; null for one that is new. */
  readonly earlier: string | null
  readonly what: string
  /** The data form; null for what can only be a function. */
  readonly schema: Schema
  readonly default: Default
  readonly example: Schema extends z.ZodType ? z.input<Schema> : null
  /** Refused in a recipe's own file. */
  readonly operatorOnly: boolean
  readonly call: FunctionForm | null
}

interface Words<Schema extends z.ZodType, Default> {
  readonly earlier: string | null
  readonly what: string
  readonly default: Default
  readonly example: z.input<Schema>
  readonly call?: FunctionForm
}

export function setting<Schema extends z.ZodType, const Default extends z.input<Schema> | null>(
  schema: Schema,
  words: Words<Schema, Default>,
): SettingRow<Schema, Default> {
  const { earlier, what, default: value, example, call = null } = words
  const typed = example as SettingRow<Schema, Default>['example']
  return { schema, earlier, what, default: value, example: typed, operatorOnly: false, call }
}

export function operatorSetting<Schema extends z.ZodType, const Default extends z.input<Schema> | null>(
  schema: Schema,
  words: Words<Schema, Default>,
): SettingRow<Schema, Default> {
  return { ...setting(schema, words), operatorOnly: true }
}

/** A setting that can only be a function. */
export function hook(words: { earlier: string | null; what: string; example: string }): SettingRow<null, null> {
  const { earlier, what, example } = words
  const call: FunctionForm = { params: ['ctx'], result: 'void', example }
  return { schema: null, earlier, what, default: null, example: null, operatorOnly: false, call }
}
