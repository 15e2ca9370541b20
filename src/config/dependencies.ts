import { join } from 'node:path'
import { collectErrors } from '../lib/collect-errors.ts'
import type { RecipeError } from '../lib/errors.ts'
import { recipeFolder, recipesIn } from './folders.ts'
import { invalid } from './invalid.ts'
import { didYouMean } from './names.ts'
import { readSettingsFile } from './settings-file.ts'
import type { SettingsSource } from './source.ts'

export interface Dependencies {
  readonly recipeName: string
  readonly operatorDir?: string
  /** Names of cc-ci's own providers; undefined: names are not judged. */
  readonly knownDeps?: readonly string[]
}

/** What is wrong with the names that one file declares under `deps`. */
export async function dependencyProblems(source: SettingsSource, around: Dependencies): Promise<RecipeError[]> {
  const { recipeName, operatorDir, knownDeps } = around
  if (!knownDeps) return []
  const names = namesIn(source)
  const recipes = (await recipesIn(operatorDir)).filter((name) => name !== recipeName)
  const known = [...new Set([...knownDeps, ...recipes])].sort()
  const errors: RecipeError[] = []
  for (const [index, name] of names.entries()) {
    const where = source.valuePlace(['deps', index])
    const add = (message: string, hint?: string) => errors.push(invalid(message, where, hint))
    if (name === recipeName) add(`deps: ${name} is this recipe itself`)
    else if (names.indexOf(name) !== index) add(`deps: ${name} is there twice`)
    else if (!known.includes(name)) {
      add(`deps: unknown dependency ${name}`, `${didYouMean(name, known)}Allowed: ${known.join(', ') || 'none'}.`)
    } else if (!knownDeps.includes(name) && operatorDir !== undefined) {
      const cycle = await collectErrors(errors, () => findCycle([recipeName, name], operatorDir))
      if (cycle) add(`deps: ${cycle.join(' needs ')}, which never ends`)
    }
  }
  return errors
}

/** The chain of recipes that leads back into itself; null when none does. */
async function findCycle(chain: readonly string[], operatorDir: string): Promise<readonly string[] | null> {
  const recipe = join(operatorDir, chain.at(-1) ?? '')
  const folder = await recipeFolder(recipe, join(recipe, 'cc-ci'))
  const source = folder && (await readSettingsFile(folder))
  const recipes = await recipesIn(operatorDir)
  for (const name of source ? namesIn(source) : []) {
    if (chain.includes(name)) return [...chain, name]
    const cycle = recipes.includes(name) ? await findCycle([...chain, name], operatorDir) : null
    if (cycle) return cycle
  }
  return null
}

function namesIn({ data: { deps } }: SettingsSource): string[] {
  return Array.isArray(deps) ? deps.filter((name) => typeof name === 'string') : []
}
