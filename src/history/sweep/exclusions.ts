import { finding } from '../../verdict/findings.ts'
import type { Exclusion } from './list-file.ts'
import type { SweepNote } from './record.ts'

/** Why a cell is left out by its operator; null: it is not. What has expired excludes nothing. */
export function excludedBy(
  exclude: readonly Exclusion[],
  { recipe, head }: { readonly recipe: string; readonly head: string | null },
  now: number,
): string | null {
  const found = exclude.find(
    (one) =>
      isSame(one.recipe, recipe) && (one.cell ?? head ?? 'release') === (head ?? 'release') && !isExpired(one, now),
  )
  return found ? `${found.reason} (until ${found.expires})` : null
}

/** What is wrong with the exclusions themselves: an expired one is an error until somebody takes it out or gives it another day. */
export function exclusionNotes(exclude: readonly Exclusion[], recipes: readonly string[], now: number): SweepNote[] {
  return exclude.flatMap((one): SweepNote[] => {
    const what = `${one.recipe}${one.cell === undefined ? '' : ` ${one.cell}`}`
    if (!recipes.some((recipe) => isSame(recipe, one.recipe))) {
      const message = `the exclusion of ${what} is about nothing that is swept`
      return [finding('exclusion-of-nothing', message)]
    }
    if (!isExpired(one, now)) return []
    const message = `the exclusion of ${what} (${one.reason}) expired on ${one.expires}: it is swept again`
    return [finding('exclusion-expired', message)]
  })
}

/** The day that is named is the last one, in UTC. */
function isExpired({ expires }: Exclusion, now: number): boolean {
  return new Date(now).toISOString().slice(0, 10) > expires
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
