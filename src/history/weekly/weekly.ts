import { timeOfRunId } from '../../lib/ids.ts'
import { TIER_IDS } from '../../verdict/tiers.ts'
import { flakeMemory } from '../flakes/memory.ts'
import type { RunIndex } from '../run-index.ts'
import type { RunSummary } from '../run-summary.ts'
import { changesIn } from './changes.ts'
import { lineBefore, linesOf } from './lines.ts'
import { weeklyMovedImages } from './moved.ts'
import { oldestFailures } from './old-failures.ts'
import { attentionOf, routineOf, untestedIn } from './recipes.ts'
import type { WeeklyHeadline, WeeklyReport } from './report.ts'
import { fixedUnreleased } from './unreleased.ts'
import { type Week, weekOf } from './week.ts'

const MOST_FLAKES = 10
const MOST_RED = 10

/** Pure: no clock, no disk. The order of `runs` decides nothing, and runs after the week are as if they had never been. */
export function weeklyReport({ runs: all, damaged }: RunIndex, week: Week): WeeklyReport {
  const runs = all.filter((run) => Date.parse(run.startedAt) < week.to).sort((a, b) => (a.id < b.id ? -1 : 1))
  const own = runs.filter(({ startedAt }) => isIn(week, startedAt))
  const lines = linesOf(runs).map((line) => lineBefore(line, week.to))
  const { regressed, fixed } = changesIn(lines, week)
  const attention = attentionOf(own)
  return {
    schema: 1,
    week: named(week),
    totals: totalsOf(own),
    regressed,
    fixed,
    attention,
    routine: routineOf(own, new Set(attention.map(({ recipe }) => recipe))),
    unreleased: fixedUnreleased(runs),
    oldestRed: oldestFailures(lines).slice(0, MOST_RED),
    flakes: topFlakes(runs, week),
    untested: untestedIn(runs, week),
    moved: weeklyMovedImages(runs, week),
    damaged: damaged
      .filter(({ id }) => timeOfRunId(id) >= week.from && timeOfRunId(id) < week.to)
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    newest:
      own
        .map(({ finishedAt }) => finishedAt)
        .sort()
        .at(-1) ?? null,
  }
}

/** The same weeks' first lines, many at a time for what one report takes: of a list nobody reads more. */
export function weeklyHeadlines(all: readonly RunSummary[], weeks: readonly Week[]): WeeklyHeadline[] {
  const runs = [...all].sort((a, b) => (a.id < b.id ? -1 : 1))
  const lines = linesOf(runs)
  const byWeek = Map.groupBy(runs, ({ startedAt }) => weekOf(Date.parse(startedAt)).from)
  return weeks.map((week) => {
    const own = byWeek.get(week.from) ?? []
    const { regressed, fixed } = changesIn(
      lines.map((line) => lineBefore(line, week.to)),
      week,
    )
    return {
      ...{ week: named(week), totals: totalsOf(own), attention: attentionOf(own).length },
      ...{ regressed: regressed.length, fixed: fixed.length },
    }
  })
}

/** Weeks in which something ran and that are over at `now` (epoch ms), newest first, at most so many. */
export function endedWeeks(runs: readonly RunSummary[], now: number, most: number): Week[] {
  const weeks = new Map<number, Week>()
  for (const { startedAt } of runs) {
    const week = weekOf(Date.parse(startedAt))
    if (week.to <= now) weeks.set(week.from, week)
  }
  return [...weeks.values()].sort((a, b) => b.from - a.from).slice(0, most)
}

function isIn({ from, to }: Week, startedAt: string): boolean {
  const at = Date.parse(startedAt)
  return at >= from && at < to
}

function named({ id, from, to }: Week): WeeklyReport['week'] {
  return { id, from: isoOf(from), to: isoOf(to) }
}

function totalsOf(runs: readonly RunSummary[]): WeeklyReport['totals'] {
  const count = (verdict: RunSummary['verdict']) => runs.filter((run) => run.verdict === verdict).length
  return {
    ...{ runs: runs.length, recipes: new Set(runs.map(({ recipe }) => recipe.name)).size },
    ...{ pass: count('pass'), fail: count('fail'), unverified: count('unverified') },
    cut: runs.filter(({ whole }) => !whole).length,
  }
}

/** The most often flaky first; then what flaked in more runs, then by name. */
function topFlakes(runs: readonly RunSummary[], { to }: Week): WeeklyReport['flakes'] {
  return flakeMemory(runs, { until: to - 1 })
    .filter(({ flaky }) => flaky > 0)
    .sort((a, b) => b.rate - a.rate || b.flaky - a.flaky || byName(a.recipe, b.recipe) || byTier(a.tier, b.tier))
    .slice(0, MOST_FLAKES)
}

function byTier(a: (typeof TIER_IDS)[number], b: (typeof TIER_IDS)[number]): number {
  return TIER_IDS.indexOf(a) - TIER_IDS.indexOf(b)
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function isoOf(at: number): string {
  return new Date(at).toISOString()
}
