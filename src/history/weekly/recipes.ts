import { TIERS, type TierId } from '../../verdict/tiers.ts'
import type { RunSummary, TierSummary } from '../run-summary.ts'
import { evidenceOf } from './lines.ts'
import type { RecipeAttention, RoutineRecipe, UntestedRecipe } from './report.ts'
import type { Week } from './week.ts'

/** Recipes with a run of the week that was not simply green, by name; each kind of reason once, with the newest run that says so. */
export function attentionOf(runs: readonly RunSummary[]): RecipeAttention[] {
  return byRecipe(runs).flatMap(([recipe, own]) => {
    const reasons = new Map<string, { text: string; run: RunSummary; times: number }>()
    for (const run of own) {
      for (const text of reasonsOf(run)) {
        reasons.set(text, { text, run, times: (reasons.get(text)?.times ?? 0) + 1 })
      }
    }
    const rows = [...reasons.values()].map(({ text, run, times }) => ({
      text: times === 1 ? text : `${text} (${times} runs)`,
      run: evidenceOf(run),
    }))
    return rows.length === 0 ? [] : [{ recipe, reasons: rows }]
  })
}

function reasonsOf({ whole, tiers, verdict }: RunSummary): string[] {
  if (!whole) return ['stopped or killed before its end']
  return tiers.flatMap((tier) => [
    ...(isDecisive(tier.id, verdict) ? outcome(tier) : []),
    ...byChance(tier),
    ...excused(tier),
  ])
}

/** A failed lint that the operator does not enforce decides its rung alone. */
export function isDecisive(tier: TierId, verdict: RunSummary['verdict']): boolean {
  return TIERS[tier].decides === 'always' || verdict !== 'pass'
}

function outcome({ id, status, cause }: TierSummary): string[] {
  if ((status !== 'fail' && status !== 'unverified') || cause?.code === 'blocked') return []
  const why = cause ? `: ${cause.code} (blame: ${cause.blame}${cause.service ? `, ${cause.service}` : ''})` : ''
  return [`${id} ${status === 'fail' ? 'failed' : status}${why}`]
}

function byChance({ id, flaky }: TierSummary): string[] {
  return flaky === undefined ? [] : [`${id} passed on the second attempt only: ${flaky} at first`]
}

function excused({ id, tests = [] }: TierSummary): string[] {
  const failed = tests.filter(({ status, quarantined }) => status === 'failed' && quarantined)
  return failed.map(({ title, quarantined }) => `${id} "${title}" failed in quarantine (until ${quarantined})`)
}

/** All others that ran. */
export function routineOf(runs: readonly RunSummary[], others: ReadonlySet<string>): RoutineRecipe[] {
  return byRecipe(runs).flatMap(([recipe, own]) => {
    const newest = own.at(-1)
    return newest && !others.has(recipe) ? [{ recipe, runs: own.length, newest: evidenceOf(newest) }] : []
  })
}

/** Recipes that ran in the week and whose newest run with a functional tier found no custom test; one that says by its settings that none applies is not named. */
export function untestedIn(runs: readonly RunSummary[], { from }: Week): UntestedRecipe[] {
  return byRecipe(runs).flatMap(([recipe, own]) => {
    if (!own.some(({ startedAt }) => Date.parse(startedAt) >= from)) return []
    const newest = own.findLast(({ whole, tiers }) =>
      tiers.some(({ id, status }) => whole && id === 'functional' && status !== 'not-judged'),
    )
    return newest && hasNoTest(newest) ? [{ recipe, run: evidenceOf(newest) }] : []
  })
}

function hasNoTest({ tiers }: RunSummary): boolean {
  const of = (id: string) => tiers.find((tier) => tier.id === id)
  return of('functional')?.skip === 'structural' && of('integration')?.status === 'skip'
}

function byRecipe(runs: readonly RunSummary[]): [string, RunSummary[]][] {
  return [...Map.groupBy(runs, ({ recipe }) => recipe.name)].sort(([a], [b]) => (a < b ? -1 : 1))
}
