import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { invalid } from './invalid.ts'
import { type CustomFolder, ownFile, readOwnText } from './own-file.ts'
import { readYaml } from './read-yaml.ts'
import type { SettingsSource } from './source.ts'

const YAML = 'cc-ci.yml'
const TYPESCRIPT = 'cc-ci.config.ts'

/** Names that are near enough to be meant, and would be silently ignored. */
const MISNAMED: Readonly<Record<string, string>> = {
  'cc-ci.yaml': YAML,
  'cc-ci.json': YAML,
  'cc-ci.config.js': TYPESCRIPT,
  'cc-ci.config.mjs': TYPESCRIPT,
  'cc-ci.config.cjs': TYPESCRIPT,
  'cc-ci.config.mts': TYPESCRIPT,
  'cc-ci.config.cts': TYPESCRIPT,
  'compose.ci.yaml': 'compose.ci.yml',
  'install_steps.sh': 'install-steps.sh',
  'recipe_meta.py': `${YAML} or ${TYPESCRIPT}`,
  'ops.py': `${TYPESCRIPT}, as hooks`,
}

/** Whether a folder has a settings file, readable or not. */
export function hasSettingsFile(dir: string): boolean {
  return [YAML, TYPESCRIPT].some((name) => existsSync(join(dir, name)))
}

/** The settings file of a folder; null without one. Throws RecipeError `config-invalid` for two, and for one that cannot be read. */
export async function readSettingsFile(folder: CustomFolder): Promise<SettingsSource | null> {
  refuseMisnamed(folder)
  const yaml = await ownFile(folder, YAML)
  const typescript = await ownFile(folder, TYPESCRIPT)
  if (yaml && typescript) {
    throw invalid(
      `${YAML} and ${TYPESCRIPT} are both there`,
      { file: yaml.shown },
      `Keep one of them in ${folder.shown}.`,
    )
  }
  if (yaml) return readYaml(yaml, await readOwnText(yaml))
  if (!typescript) return null
  const text = await readOwnText(typescript)
  return (await import('./static/read-config.ts')).readConfig(typescript, text)
}

function refuseMisnamed({ dir, shown }: CustomFolder): void {
  const [name, meant] = Object.entries(MISNAMED).find(([name]) => existsSync(join(dir, name))) ?? []
  if (name === undefined) return
  throw invalid('a file of this name is not read', { file: join(shown, name) }, `It belongs into ${meant}.`)
}
