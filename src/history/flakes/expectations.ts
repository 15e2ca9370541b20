import type { DurationPercentiles, Expectations } from '../../verdict/events.ts'
import { TIER_IDS } from '../../verdict/tiers.ts'
import { DEFAULT_RULE } from '../compare/comparable.ts'
import { haveSameMeaning } from '../compare/dimensions.ts'
import type { RunSummary } from '../run-summary.ts'

export type { DurationPercentiles }

/** With fewer runs nothing is expected: what was seen once or twice tells nobody what is usual. */
const FEWEST_RUNS = 3
/** So many of the newest runs are looked at, at most so old. */
const MOST_RUNS = 50
const MAX_AGE_MS = DEFAULT_RULE.maxAgeMs

/** Null of nothing. Percentiles by nearest rank: each is a time that some run really took. */
export function durationPercentiles(times: readonly number[]): DurationPercentiles | null {
  if (times.length === 0) return null
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return { p50Ms: at(0.5), p95Ms: at(0.95), runs: sorted.length }
}

/**
 * What whole runs of a recipe, from an installation of their own, with tiers that passed took before `at` (epoch ms), to say what is usual and to be patient where the recipe is known to be slow.
 * Null: fewer than three are remembered.
 */
export function expectationsOf(
  runs: readonly RunSummary[],
  { recipe, at }: { readonly recipe: string; readonly at: number },
): Expectations | null {
  const earlier = runs
    .filter((run) => run.recipe.name === recipe && run.whole && run.resumed === undefined && isRecent(run, at))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
  const [newest] = earlier
  const known = newest ? earlier.filter((run) => haveSameMeaning(run, newest)).slice(0, MOST_RUNS) : []
  const oldest = known.at(-1)
  if (!newest || !oldest || known.length < FEWEST_RUNS) return null
  return {
    ...{ runs: known.length, since: oldest.startedAt, newest: newest.id },
    tiers: TIER_IDS.flatMap((id) => {
      const times = known.flatMap(({ tiers }) => tiers.filter((tier) => tier.id === id && tier.status === 'pass'))
      const found = usual(times.map(({ durationMs }) => durationMs))
      return found ? [{ id, ...found }] : []
    }),
    deploy: usual(known.flatMap(longestDeployment)),
  }
}

function isRecent({ startedAt }: RunSummary, at: number): boolean {
  const begun = Date.parse(startedAt)
  return begun < at && begun >= at - MAX_AGE_MS
}

function usual(times: readonly number[]): DurationPercentiles | null {
  return times.length < FEWEST_RUNS ? null : durationPercentiles(times)
}

/** Of a run that ended green: how long another one may take is not learnt from what was red. */
function longestDeployment({ verdict, tiers }: RunSummary): number[] {
  const times = tiers.flatMap(({ status, convergedMs }) => (status === 'pass' && convergedMs ? [convergedMs] : []))
  return verdict === 'pass' && times.length > 0 ? [Math.max(...times)] : []
}
