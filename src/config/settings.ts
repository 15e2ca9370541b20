import { z } from 'zod'
import type { AnyRow } from './registry.ts'
import { GROUPS, type Rows, SETTING_NAMES, type SettingName, settingRow } from './registry.ts'

type DataName = { [N in SettingName]: Rows[N]['schema'] extends null ? never : N }[SettingName]
type SchemaOf<N extends DataName> = Extract<Rows[N]['schema'], z.ZodType>
type GroupOf<N extends string> = N extends `${infer G}.${string}` ? G : N
type Values = {
  [N in DataName]: z.output<SchemaOf<N>> | (Rows[N]['default'] extends null ? null : never)
}
type Inputs = { [N in DataName]: z.input<SchemaOf<N>> }

/** All settings that are data, nested as in the file, defaults included: durations in milliseconds, sizes in bytes. */
export type Settings = {
  readonly [G in GroupOf<DataName>]: G extends DataName
    ? Values[G]
    : { readonly [N in DataName as N extends `${G}.${infer Leaf}` ? Leaf : never]: Values[N] }
}

/** What a settings file may hold as data: every key optional. */
export type SettingsInput = {
  [G in GroupOf<DataName>]?: G extends DataName
    ? Inputs[G]
    : { [N in DataName as N extends `${G}.${infer Leaf}` ? Leaf : never]?: Inputs[N] }
}

/** The schema of the data of a whole file, put together from the registry. */
export const settingsSchema = z.strictObject({
  ...Object.fromEntries(
    dataRows(
      SETTING_NAMES.filter((name) => !name.includes('.')),
      '',
    ),
  ),
  ...Object.fromEntries(GROUPS.map((group) => [group, groupSchema(group)] as const).filter(([, schema]) => schema)),
}) as unknown as z.ZodType<Settings, SettingsInput>

function groupSchema(group: string): z.ZodType | undefined {
  const leaves = dataRows(
    SETTING_NAMES.filter((name) => name.startsWith(`${group}.`)),
    `${group}.`,
  )
  return leaves.length > 0 ? z.strictObject(Object.fromEntries(leaves)).prefault({}) : undefined
}

function dataRows(names: readonly SettingName[], prefix: string): [string, z.ZodType][] {
  return names.flatMap((name) => {
    const row = settingRow(name)
    return row.schema ? [[name.slice(prefix.length), withDefault(row.schema, row)] as [string, z.ZodType]] : []
  })
}

function withDefault(schema: z.ZodType, row: AnyRow): z.ZodType {
  if (row.default === null) return schema.optional().transform((value: unknown) => value ?? null)
  return schema.prefault(row.default as never)
}
