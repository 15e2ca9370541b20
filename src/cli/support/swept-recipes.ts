import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hasSettingsFile } from '../../config/settings-file.ts'
import { notEnrolled, readCandidates } from '../../history/sweep/candidates.ts'
import type { SweepCandidate } from '../../history/sweep/contract.ts'
import { type Exclusion, LIST_NAME, listIn, readSweepList } from '../../history/sweep/list-file.ts'
import type { SweepFolder, SweepNote } from '../../history/sweep/record.ts'
import { UsageError } from '../../lib/errors.ts'

export interface SweptOptions {
  readonly recipes?: string
  readonly from?: string
  readonly runMemory: number
  readonly folder: SweepFolder
}

/**
 * What there is to sweep: the recipes of the list, those that were named of it, and those that have settings of the operator and are on no list, which is reported.
 * Throws UsageError `no-sweep-list`.
 */
export async function sweptRecipes(
  names: readonly string[],
  { recipes: operatorDir, from, runMemory: memoryBytes, folder }: SweptOptions,
): Promise<{ candidates: SweepCandidate[]; exclude: readonly Exclusion[]; notes: SweepNote[] }> {
  const file = from === undefined ? listIn(operatorDir) : resolve(from)
  if (file === null) {
    throw new UsageError('no-sweep-list', 'no list says what is to be swept', {
      hint: `Name one with --from FILE, or put ${LIST_NAME} into the folder that --recipes names: docs/guide/sweep.md.`,
    })
  }
  const list = readSweepList(file)
  const isRequested = (name: string) => names.length === 0 || names.includes(name)
  const { candidates, notes } = await readCandidates(
    list.recipes.filter(({ name }) => isRequested(name)),
    { folder, memoryBytes },
  )
  const listed = new Set(list.recipes.map(({ name }) => name))
  const others = names.length > 0 ? names : customized(operatorDir)
  const strangers = [...new Set(others)]
    .filter((name) => !listed.has(name))
    .map((name) => notEnrolled(name, memoryBytes, `${file} does not list it`))
  const all = [...candidates, ...strangers].sort((a, b) => (a.recipe < b.recipe ? -1 : 1))
  return { candidates: all, exclude: list.exclude, notes }
}

/** Recipes that the operator has written settings for. */
function customized(operatorDir: string | undefined): string[] {
  if (operatorDir === undefined) return []
  return readdirSync(operatorDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && hasSettingsFile(join(operatorDir, entry.name)))
    .map(({ name }) => name)
}
