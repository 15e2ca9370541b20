import { existsSync } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { invalid } from './invalid.ts'
import type { CustomFolder } from './own-file.ts'

export interface SettingsFolders {
  /** The tree of the recipe. */
  readonly recipeDir: string
  readonly recipeName: string
  /** The operator's folder with one folder per recipe name. */
  readonly operatorDir?: string
}

/** The recipe's own `cc-ci/`, or null. Throws RecipeError `config-invalid` when it is not a real folder. */
export async function recipeFolder(recipeDir: string, shown = 'cc-ci'): Promise<CustomFolder | null> {
  const dir = resolve(recipeDir, 'cc-ci')
  const info = await lstat(dir).catch(() => null)
  if (!info) return null
  if (info.isDirectory()) return { side: 'recipe', dir, shown }
  throw invalid(`${shown} is not a folder`, { file: shown }, 'Links are not followed: put the folder itself there.')
}

/** The operator's folder for the recipe; null also where that folder is a recipe itself. */
export async function operatorFolder({ recipeName, operatorDir }: SettingsFolders): Promise<CustomFolder | null> {
  if (operatorDir === undefined) return null
  const shown = join(operatorDir, recipeName)
  const dir = resolve(shown)
  const info = await stat(dir).catch(() => null)
  return info?.isDirectory() && !isRecipe(dir) ? { side: 'operator', dir, shown } : null
}

/** Names of the recipes that lie in the operator's folder. */
export async function recipesIn(operatorDir: string | undefined): Promise<string[]> {
  if (operatorDir === undefined) return []
  const names = await readdir(operatorDir).catch(() => [])
  return names.filter((name) => isRecipe(join(operatorDir, name)))
}

function isRecipe(dir: string): boolean {
  return existsSync(join(dir, 'compose.yml'))
}
