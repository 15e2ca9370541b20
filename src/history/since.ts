import { decisiveTier } from '../verdict/decisive.ts'
import type { TierId } from '../verdict/tiers.ts'
import type { RunSummary } from './run-summary.ts'

/** Since when a tier of a recipe does not pass, as far as runs are kept. */
export interface Since {
  /** The oldest run of the streak that ends with the run asked about; that run itself, where it is the first. */
  readonly first: RunSummary
  /** How many runs the streak has. */
  readonly runs: number
  /** The run before the streak, in which the tier passed; null: it passed in none that is kept. */
  readonly lastPass: RunSummary | null
}

/** Since when the tier that decided a run does not pass. Null: the run passed, or is not among `runs`. */
export function redSince(runs: readonly RunSummary[], id: string): Since | null {
  const own = runs.find((run) => run.id === id)
  const tier = own && decisiveTier(own)
  return tier ? sinceOf(runs, id, tier.id) : null
}

/**
 * Goes back from a run over older runs of the same recipe, from the same origin, that judged the tier, until one in which it passed. Runs of other branches count: what
 * is said is what was seen, in the order of time. Null: the run is not among `runs`.
 */
export function sinceOf(runs: readonly RunSummary[], id: string, tier: TierId): Since | null {
  const own = runs.find((run) => run.id === id)
  if (!own) return null
  const judged = runs
    .filter(({ recipe, startedAt }) => recipe.origin === own.recipe.origin && startedAt <= own.startedAt)
    .filter((run) => statusOf(run, tier) !== null)
    .sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1))
  const older = judged.filter((run) => run.id !== id)
  const passed = older.findIndex((run) => statusOf(run, tier) === 'pass')
  const streak = passed === -1 ? older : older.slice(0, passed)
  return {
    first: streak.at(-1) ?? own,
    runs: streak.length + 1,
    lastPass: older[passed] ?? null,
  }
}

function statusOf({ tiers }: RunSummary, tier: TierId): 'pass' | 'fail' | 'unverified' | null {
  const status = tiers.find(({ id }) => id === tier)?.status
  return status === 'pass' || status === 'fail' || status === 'unverified' ? status : null
}
