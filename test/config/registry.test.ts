import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { settingsJsonSchema, settingsPage } from '../../scripts/docs/pages/settings-reference.ts'
import { nested } from '../../scripts/docs/pages/settings-types.ts'
import { loadSettings } from '../../src/config/load.ts'
import { SETTING_NAMES, type SettingName, settingRow } from '../../src/config/registry.ts'
import { folder } from '../recipe/throwaway.ts'
import { config, loadConfig } from './loading.ts'

const DATA = SETTING_NAMES.filter((name) => settingRow(name).schema)
const CODE = SETTING_NAMES.filter((name) => settingRow(name).call)

/** The example of a setting as a whole file. */
function tree(name: SettingName): unknown {
  return name.split('.').reduceRight((inner: unknown, key) => ({ [key]: inner }), settingRow(name).example)
}

describe('every setting', () => {
  test.each(SETTING_NAMES)('%s has words', (name) => {
    expect(settingRow(name).what).toMatch(/^[A-Z].{20,}[.:]$/s)
    expect(settingRow(name).schema ?? settingRow(name).call).not.toBeNull()
  })

  test('of the earlier system has a place', () => {
    const earlier = SETTING_NAMES.flatMap((name) => settingRow(name).earlier ?? [])
    expect(earlier.sort()).toEqual(
      [
        ...['HEALTH_PATH', 'HEALTH_OK', 'DEPLOY_TIMEOUT', 'HTTP_TIMEOUT', 'EXTRA_ENV', 'UPGRADE_EXTRA_ENV'],
        ...['UPGRADE_BASE_VERSION', 'BACKUP_CAPABLE', 'BACKUP_VERIFY', 'EXPECTED_NA', 'READY_PROBE', 'DEPS'],
        ...['WARM_CANONICAL', 'SCREENSHOT', 'pre_install', 'pre_upgrade', 'pre_backup', 'pre_restore'],
      ].sort(),
    )
  })

  test.each(DATA)('%s: its example is taken, as the operator may write it, and is not its default', async (name) => {
    const operatorDir = await folder({ 'gitea/cc-ci.yml': stringify(tree(name)) })
    const { written } = await loadSettings({ recipeDir: await folder({}), recipeName: 'gitea', operatorDir })
    expect(written.get(name)).toEqual(settingRow(name).example)
    expect(settingRow(name).example).not.toEqual(settingRow(name).default)
  })

  test.each(CODE)('%s: its example as a function is found', async (name) => {
    const { functions } = await loadConfig(config(nested(name, settingRow(name).call?.example ?? '')))
    expect([...functions.keys()]).toEqual([name])
  })
})

describe('the schema for editors', () => {
  const validate = new Ajv({ allErrors: true }).compile(JSON.parse(settingsJsonSchema()))

  test.each(DATA)('takes the example of %s', (name) => {
    expect(validate(parse(stringify(tree(name)))), JSON.stringify(validate.errors)).toBe(true)
  })

  test.each([
    'healht: {}',
    'health: {pth: /}',
    'health: {path: x}',
    'timeouts: {http: 10}',
    'hooks: {}',
    'ready: [{tcp: {service: db, port: 1}, http: {path: /}}]',
    'ready: [ping]',
    'notApplicable: {lint: not now}',
    'backup: {capable: maybe}',
    'deps: keycloak',
    'policy: {allow: [everything]}',
    'env: {A: 1}',
  ])('refuses %s', (text) => {
    expect(validate(parse(text))).toBe(false)
  })

  test('describes every key with an example', () => {
    const { properties } = JSON.parse(settingsJsonSchema())
    for (const name of DATA) {
      const path = name.split('.').flatMap((key, index) => (index === 0 ? [key] : ['properties', key]))
      const entry = path.reduce((at, key) => at[key], properties)
      expect(entry, name).toMatchObject({
        description: expect.stringMatching(/./),
        examples: [settingRow(name).example],
      })
    }
  })
})

test('the page of the reference has a section with an example for every setting', () => {
  const page = settingsPage()
  for (const name of SETTING_NAMES) expect(page).toMatch(new RegExp(`## ${name}\n\n[^#]+?\`\`\`(yaml|ts)\n`))
})

// What writes recipes (`init`, canaries) names the files too.
test('nothing but src/config opens the settings files', () => {
  const root = join(import.meta.dirname, '../../src')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/^(config|init|canaries)\//.test(file),
  )
  expect(files.length).toBeGreaterThan(100)
  const comments = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm
  // A text that is the name, or a path that ends with it; not the words of a hint.
  const path = /(['"`])([^'"`\n ]*\/)?cc-ci\.(yml|config\.ts)\1/
  const naming = (file: string) => path.test(readFileSync(join(root, file), 'utf8').replace(comments, ''))
  expect(files.filter(naming)).toEqual([])
})
