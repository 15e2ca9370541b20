import { type RecipeCustomization, readCustomization } from '../../src/config/customization.ts'
import { type LoadedSettings, loadSettings } from '../../src/config/load.ts'
import { RecipeErrors } from '../../src/lib/errors.ts'
import { formatLocation } from '../../src/lib/text/source-location.ts'
import { COMPOSE, type Files, folder } from '../recipe/throwaway.ts'

export const YAML = 'cc-ci/cc-ci.yml'
export const CONFIG = 'cc-ci/cc-ci.config.ts'

/** A whole `cc-ci.config.ts` around an object literal. */
export function config(literal: string, top = ''): string {
  return `import { defineRecipe } from 'cc-ci'\n${top}\nexport default defineRecipe(${literal})\n`
}

/** The settings of a recipe that is named gitea, with its `cc-ci.config.ts`. */
export async function loadConfig(text: string): Promise<LoadedSettings> {
  return loadSettings({ recipeDir: await folder({ [CONFIG]: text }), recipeName: 'gitea' })
}

/** The recipe gitea with files of its own, and an operator's folder. */
export async function customized(own: Files, operator?: Files): Promise<RecipeCustomization> {
  const recipeDir = await folder({ 'compose.yml': COMPOSE, ...own })
  const operatorDir = operator && { operatorDir: await folder(operator) }
  return readCustomization({ recipeDir, recipeName: 'gitea', knownDeps: ['keycloak', 'smtp'], ...operatorDir })
}

/** Every problem as `place message hint`. */
export async function problemsOf(loading: Promise<unknown>): Promise<string[]> {
  const error: unknown = await loading.then(
    () => new Error('nothing was refused'),
    (caught: unknown) => caught,
  )
  if (!(error instanceof RecipeErrors)) throw error
  return error.errors.map(({ code, where, message, hint = '' }) =>
    `${code === 'config-invalid' ? '' : code}${where ? formatLocation(where) : '?'} ${message} ${hint}`.trim(),
  )
}
