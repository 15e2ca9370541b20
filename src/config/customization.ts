import { collectErrors } from '../lib/collect-errors.ts'
import { type RecipeError, RecipeErrors } from '../lib/errors.ts'
import { customFolders, type LoadedSettings, type LoadOptions, loadFrom } from './load.ts'
import { type CustomFile, type CustomFolder, ownFile } from './own-file.ts'
import type { CodeSide } from './source.ts'
import { misplacedSpecs, type Spec, specsOf } from './specs.ts'

export type { FunctionRef } from './functions.ts'
export type { CustomFile } from './own-file.ts'
export type { Spec } from './specs.ts'

/** Everything that a recipe, or the operator for it, changes from the defaults: found, checked, none of it run. */
export interface RecipeCustomization extends LoadedSettings {
  /** `compose.ci.yml`; the operator's replaces the recipe's. */
  readonly overlay: CustomFile | null
  /** `install-steps.sh`; the operator's replaces the recipe's. */
  readonly installSteps: CustomFile | null
  /** Of both sides: the recipe's first. */
  readonly specs: readonly Spec[]
  /** Files at the top of the recipe that look like specs for cc-ci, and are not run there. */
  readonly strayed: readonly string[]
  /** Absolute path of each side's folder that exists. */
  readonly folders: Readonly<Partial<Record<CodeSide, string>>>
}

/** Reads both places. Throws RecipeErrors `config-invalid` with every problem at once. */
export async function readCustomization(
  options: LoadOptions & { knownDeps: readonly string[] },
): Promise<RecipeCustomization> {
  const errors: RecipeError[] = []
  const folders = await customFolders(options, errors)
  const overlay = await lastOf(folders, 'compose.ci.yml', errors)
  const installSteps = await lastOf(folders, 'install-steps.sh', errors)
  const specs: Spec[] = []
  for (const folder of folders) specs.push(...(await specsOf(folder, errors)))
  const strayed = await misplacedSpecs(options.recipeDir)
  const loaded = await loadFrom(folders, options, errors)
  if (!loaded) throw new RecipeErrors(errors)
  const dirs = Object.fromEntries(folders.map(({ side, dir }) => [side, dir]))
  return { ...loaded, overlay, installSteps, specs, strayed, folders: dirs }
}

async function lastOf(
  folders: readonly CustomFolder[],
  file: string,
  errors: RecipeError[],
): Promise<CustomFile | null> {
  let last: CustomFile | null = null
  for (const folder of folders) last = (await collectErrors(errors, () => ownFile(folder, file))) ?? last
  return last
}
