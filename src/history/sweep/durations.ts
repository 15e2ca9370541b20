import type { RunSummary } from '../run-summary.ts'

/** Newest runs that tell how long one takes. */
const RECENT = 5

/** What whole runs of a recipe usually took, in ms; null for one that never ran. */
export function usualDurations(runs: readonly RunSummary[]): (recordedName: string) => number | null {
  const byName = new Map<string, number[]>()
  for (const { recipe, whole, startedAt, finishedAt, tiers } of runs) {
    if (!whole || tiers.some(({ status }) => status === 'not-judged')) continue
    const known = byName.get(recipe.name) ?? []
    if (known.length === 0) byName.set(recipe.name, known)
    if (known.length < RECENT) known.push(Date.parse(finishedAt) - Date.parse(startedAt))
  }
  return (name) => median(byName.get(name) ?? [])
}

export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
