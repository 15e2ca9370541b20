import { z } from 'zod'
import { parseDuration } from '../lib/duration.ts'

const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, 'a duration such as 90s or 10m')
  .transform(parseDuration)
const path = z
  .string()
  .regex(/^\/[^\s]*$/, 'a path that begins with /')
  .max(2000)
const envRecord = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'an environment variable name'), z.string())
const RUNG_NAMES = ['upgrade', 'backup', 'restore', 'functional', 'integration', 'resilience'] as const

/**
 * The registry of a recipe's settings: one place for name, type, default and words. `cc-ci.yml` is checked against it, and
 * the reference page is generated from it.
 */
export const settingsSchema = z.strictObject({
  health: z
    .strictObject({
      path: path.default('/').meta({ description: 'The path that must answer when the app is healthy.' }),
      status: z
        .array(z.int().min(100).max(599))
        .min(1)
        .default([200, 301, 302])
        .meta({ description: 'The HTTP statuses that count as a good answer.' }),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      deploy: duration.prefault('10m').meta({ description: 'How long all services together may take to come up.' }),
      http: duration
        .prefault('5m')
        .meta({ description: 'How long the app may take to answer once its services are up.' }),
    })
    .prefault({}),
  env: envRecord.default({}).meta({ description: "Values added to the app's environment, over those of .env.sample." }),
  upgrade: z
    .strictObject({
      from: z
        .string()
        .min(1)
        .default('auto')
        .meta({ description: 'The version an upgrade starts from: a released version, `auto`, or `none`.' }),
      env: envRecord
        .default({})
        .meta({ description: 'Values added when the app is upgraded: what operators are told to add.' }),
    })
    .prefault({}),
  backup: z
    .strictObject({
      capable: z
        .union([z.literal('auto'), z.boolean()])
        .default('auto')
        .meta({ description: 'Whether the app can be backed up; `auto` reads the backupbot labels.' }),
    })
    .prefault({}),
  notApplicable: z.partialRecord(z.enum(RUNG_NAMES), z.string().min(3, 'a reason')).default({}).meta({
    description: 'Tiers that do not apply to this recipe, each with the reason. It never overrides a result.',
  }),
  screenshot: z
    .strictObject({
      path: path.default('/').meta({ description: 'The page that a browser opens and pictures.' }),
    })
    .prefault({}),
  witness: z
    .union([z.literal('auto'), z.literal(false)])
    .default('auto')
    .meta({
      description:
        'Whether cc-ci plants data to see if it survives. `false` leaves upgrade and restore without proof: unverified.',
    }),
})

export type Settings = z.output<typeof settingsSchema>
/** What a settings file may hold: every key optional. */
export type SettingsInput = z.input<typeof settingsSchema>

export interface SettingRow {
  readonly name: string
  readonly type: string
  readonly default: string
  readonly description: string
}

/** The registry as rows for docs and `plan`: dotted name, type, default, description. */
export function settingRows(): SettingRow[] {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' })
  return rowsOf(schema as JsonSchema, '')
}

interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly additionalProperties?: JsonSchema | boolean
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

function rowsOf(schema: JsonSchema, prefix: string): SettingRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const name = prefix ? `${prefix}.${key}` : key
    if (value.properties) return rowsOf(value, name)
    return [
      { name, type: typeName(value), default: JSON.stringify(value.default), description: value.description ?? '' },
    ]
  })
}

function typeName(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.anyOf) return schema.anyOf.map(typeName).join(' or ')
  if (schema.items) return `list of ${typeName(schema.items)}`
  if (typeof schema.additionalProperties === 'object') return 'name → text'
  return schema.type ?? 'text'
}
