import { z } from 'zod'
import { type AnyRow, type SettingName, settingRow } from './registry.ts'
import type { Path } from './source.ts'

/** The part of JSON Schema that the registry uses. */
export interface JsonSchema {
  readonly title?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly propertyNames?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
}

/** What a person may write for this setting as data; null where it can only be a function. */
export function dataSchema(name: SettingName): JsonSchema | null {
  const { schema }: AnyRow = settingRow(name)
  if (!schema) return null
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest as JsonSchema
}

/** The type for a person: `list of duration`, `{ path?, waitFor? }`. */
export function typeWords(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  if (schema.anyOf) return schema.anyOf.map(typeWords).join(' or ')
  if (schema.items) return `list of ${typeWords(schema.items)}`
  if (schema.properties) return `{ ${fields(schema)} }`
  if (typeof schema.additionalProperties === 'object') return `name → ${typeWords(schema.additionalProperties)}`
  return schema.type === 'string' ? 'text' : (schema.type ?? 'anything')
}

function fields({ properties = {}, required = [] }: JsonSchema): string {
  const words = Object.entries(properties).map(([key, value]) => {
    const name = required.includes(key) ? key : `${key}?`
    return value.properties ? `${name}: ${typeWords(value)}` : name
  })
  return words.join(', ')
}

/** The names that may stand at a path below a setting; empty where any name may. */
export function namesAt(schema: JsonSchema, path: Path): string[] {
  const [first, ...rest] = path
  if (schema.anyOf) return [...new Set(schema.anyOf.flatMap((part) => namesAt(part, path)))]
  if (first === undefined)
    return [...Object.keys(schema.properties ?? {}), ...(schema.propertyNames?.enum ?? []).map(String)]
  if (typeof first === 'number') return schema.items ? namesAt(schema.items, rest) : []
  const inner = schema.properties?.[String(first)]
  return inner ? namesAt(inner, rest) : []
}
