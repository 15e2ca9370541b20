import { stringify } from 'yaml'
import { GROUPS, SETTING_NAMES, type SettingName, settingRow } from '../../../src/config/registry.ts'
import { dataSchema, typeWords } from '../../../src/config/schema-words.ts'
import { cell, markdownPage } from './markdown-page.ts'
import { nested } from './settings-types.ts'

/** The page of all settings. */
export function settingsPage(): string {
  return markdownPage('Settings', [
    "A recipe needs none. It may bring `cc-ci/cc-ci.yml` (data) or `cc-ci/cc-ci.config.ts` (data and functions); an operator may have either in `<recipes>/<name>/` (`--recipes`), and the operator's settings win key by key. Unknown keys are refused. `cc-ci plan` prints what is set and where.",
    [
      '| setting | what may stand there | default | earlier name |',
      '|---|---|---|---|',
      ...SETTING_NAMES.map(row),
    ].join('\n'),
    'A dot is one level of YAML. A duration is written like `90s`, `10m` or `1h30m`, from `1s` to `2h`; a size like `512m` or `2g`, from `16m` to `64g`.',
    CODE,
    EDITOR,
    ...SETTING_NAMES.map(section),
  ])
}

const CODE = `## Functions

\`cc-ci.config.ts\` is read without being run: data stands in it literally (also as a top-level \`const\`), and a function is run later, in a sandbox.

\`\`\`ts
import { defineRecipe } from 'cc-ci'

export default defineRecipe({
  timeouts: { deploy: '15m' },
  env: (ctx) => ({ ALLOWED_ORIGIN: ctx.baseUrl }),
  hooks: {
    preBackup: {
      run: async (ctx) => {
        await ctx.exec('app', ['app-cli', 'seed', 'a note'])
      },
      timeout: '2m',
      onTimeout: 'continue',
    },
  },
})
\`\`\`

Every function may be written alone or as \`{ run, timeout, onTimeout }\`; without a timeout it has \`timeouts.hook\`, and \`onTimeout\` is \`fail\`.`

const EDITOR = `## In an editor

With the YAML language server (the YAML extension of VS Code, and others) this first line gives completion and checking. The path is that of [cc-ci.schema.json](cc-ci.schema.json) in a checkout of cc-ci, as seen from the file:

\`\`\`yaml
# yaml-language-server: $schema=../../cc-ci/docs/reference/cc-ci.schema.json
\`\`\``

function row(name: SettingName): string {
  const { default: value, earlier } = settingRow(name)
  const anchor = name.toLowerCase().replaceAll('.', '')
  return `| [\`${name}\`](#${anchor}) | ${cell(forms(name).join(' or '))} | ${defaultWords(value)} | ${earlier ? `\`${earlier}\`` : ''} |`
}

function section(name: SettingName): string {
  const { what, schema, example, call, operatorOnly } = settingRow(name)
  const yaml = schema ? [fence('yaml', stringify(asTree(name, example)))] : []
  const code = call ? [fence('ts', nested(name, call.example))] : []
  const note = operatorOnly ? ["Only in the operator's folder; a recipe that sets it is refused."] : []
  return [`## ${name}`, what, ...note, ...yaml, ...code].join('\n\n')
}

function forms(name: SettingName): string[] {
  const { call } = settingRow(name)
  const schema = dataSchema(name)
  return [
    ...(schema ? [typeWords(schema)] : []),
    ...(call ? [`\`(${call.params.join(', ')}) => ${call.result}\``] : []),
  ]
}

function defaultWords(value: unknown): string {
  return value === null ? 'none' : `\`${JSON.stringify(value)}\``
}

function asTree(name: string, value: unknown): unknown {
  return name.split('.').reduceRight((inner: unknown, key) => ({ [key]: inner }), value)
}

function fence(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``
}

/** The JSON Schema of `cc-ci.yml`, for editors. */
export function settingsJsonSchema(): string {
  const groups = GROUPS.map((group) => [group, groupSchema(group)] as const).filter(([, schema]) => schema !== null)
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'cc-ci.yml',
    description: 'How cc-ci tests a Co-op Cloud recipe. Every key is optional.',
    ...objectOf({ ...Object.fromEntries(groups), ...leaves((name) => (name.includes('.') ? null : name)) }),
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

function groupSchema(group: string): object | null {
  const properties = leaves((name) => (name.startsWith(`${group}.`) ? name.slice(group.length + 1) : null))
  return Object.keys(properties).length > 0 ? objectOf(properties) : null
}

function objectOf(properties: object): object {
  return { type: 'object', additionalProperties: false, properties }
}

function leaves(keyOf: (name: SettingName) => string | null): Record<string, object> {
  return Object.fromEntries(
    SETTING_NAMES.flatMap((name) => {
      const key = keyOf(name)
      const schema = dataSchema(name)
      if (key === null || !schema) return []
      const { what, default: value, example, operatorOnly } = settingRow(name)
      const description = operatorOnly ? `${what} Only in the operator's folder.` : what
      return [[key, { description, ...schema, ...(value === null ? {} : { default: value }), examples: [example] }]]
    }),
  )
}
