import { compareVersions } from '../../recipe/repository/versions.ts'
import type { CanonicalGeneration } from './folders.ts'

export interface Budget {
  /** What all canonicals may take on the disk together. */
  readonly bytes: number
  /** The generation that was just made: it is never the one to go. */
  readonly spare?: string
}

/**
 * What has to go so that the rest fits, in the order in which it goes: what cannot be read, then all but the newest version of each recipe, then
 * the rest, in each group what was not used for longest first. What is over the budget by itself stays where it is to be spared.
 */
export function evictions(all: readonly CanonicalGeneration[], { bytes, spare }: Budget): CanonicalGeneration[] {
  let total = all.reduce((sum, { storedBytes }) => sum + storedBytes, 0)
  const gone: CanonicalGeneration[] = []
  for (const generation of inOrder(all)) {
    if (total <= bytes) break
    if (generation.dir === spare) continue
    gone.push(generation)
    total -= generation.storedBytes
  }
  return gone
}

function inOrder(all: readonly CanonicalGeneration[]): CanonicalGeneration[] {
  const newest = new Map<string, string>()
  for (const { manifest } of all) {
    if (!manifest) continue
    const recipe = recipeOf(manifest)
    const known = newest.get(recipe)
    if (known === undefined || compareVersions(manifest.version, known) > 0) newest.set(recipe, manifest.version)
  }
  const group = ({ manifest }: CanonicalGeneration): number => {
    if (!manifest) return 0
    return newest.get(recipeOf(manifest)) === manifest.version ? 2 : 1
  }
  return all.toSorted((a, b) => group(a) - group(b) || a.usedAt - b.usedAt)
}

function recipeOf({ recipe }: NonNullable<CanonicalGeneration['manifest']>): string {
  return JSON.stringify([recipe.name, recipe.origin])
}
