import type { TierId } from '../../verdict/tiers.ts'
import { TIER_IDS } from '../../verdict/tiers.ts'
import { DEFAULT_RULE } from '../compare/comparable.ts'
import { haveSameMeaning } from '../compare/dimensions.ts'
import type { RunSummary, TestSummary, TierSummary } from '../run-summary.ts'
import { type DurationPercentiles, durationPercentiles } from './expectations.ts'

/** How far back a rate looks: as far as a comparison does, four weekly sweeps. */
export const WINDOW_MS = DEFAULT_RULE.maxAgeMs
/** So many passes at the first attempt in a row end a flaky period. At a rate of 25 % that many come by chance in one of 18 cases. */
export const CLEAN_RUNS = 10

/** What is remembered of one tier of one recipe, or of one of its tests. */
export interface FlakeMemory {
  readonly recipe: string
  readonly tier: TierId
  /** Null: the tier as a whole. */
  readonly test: { readonly file: string; readonly title: string } | null
  /** Comparable runs within the window that judged it: `pass` or `fail`. */
  readonly runs: number
  /** How often it was judged in them. */
  readonly attempts: number
  /** Of these runs, those in which it passed on a second attempt only. */
  readonly flaky: number
  /** Of these runs, those in which it failed. */
  readonly failed: number
  /** `flaky / runs`; 0 where there is no run. */
  readonly rate: number
  /** Of the runs in which it passed; null: there is none. */
  readonly took: DurationPercentiles | null
  /** The first flaky run of a period that has not ended: see `knownSince`. Null: it is not known to be flaky. */
  readonly since: { readonly run: string; readonly at: string } | null
  /** The newest flaky run within the window. */
  readonly newest: string | null
  /** The meaning that the outcomes of all these runs have. */
  readonly evidenceSchema: number | null
  /** Versions of cc-ci that made these runs, sorted: they may differ. */
  readonly tools: readonly string[]
}

export interface FlakeMemoryQuery {
  /** Only of this recipe. */
  readonly recipe?: string
  /** The end of the window, in epoch ms; later runs are not looked at. Default: the newest run of each recipe. */
  readonly until?: number
}

/**
 * What many runs say about chance, by recipe, tier and test, in that order. Only runs that may be compared count: of one recipe, whole, and with outcomes
 * that mean what those of the newest mean. Versions of cc-ci and commits may differ; that a tier passed on a second attempt is said by one run alone.
 */
export function flakeMemory(runs: readonly RunSummary[], { recipe, until }: FlakeMemoryQuery = {}): FlakeMemory[] {
  const known = runs.filter(
    (run) =>
      run.whole &&
      (recipe === undefined || run.recipe.name === recipe) &&
      (until === undefined || Date.parse(run.startedAt) <= until),
  )
  const recipes = Map.groupBy(known, ({ recipe }) => recipe.name)
  return [...recipes].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, all]) => memoryOf(name, inOrder(all), until))
}

/** Oldest first. */
function inOrder(runs: readonly RunSummary[]): RunSummary[] {
  return [...runs].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** One judgement of a tier or test by one run. */
interface Seen {
  readonly run: RunSummary
  readonly at: number
  readonly status: 'pass' | 'fail'
  readonly flaky: boolean
  readonly attempts: number
  readonly ms: number
}

interface Subject {
  readonly tier: TierId
  readonly test: FlakeMemory['test']
  readonly seen: Seen[]
}

function memoryOf(recipe: string, runs: readonly RunSummary[], until: number | undefined): FlakeMemory[] {
  const newest = runs.at(-1)
  if (!newest) return []
  const subjects = subjectsOf(runs.filter((run) => run.id === newest.id || haveSameMeaning(run, newest)))
  const end = until ?? Date.parse(newest.startedAt)
  return [...subjects.values()].sort(inRows).map(({ tier, test, seen }) => {
    const recent = seen.filter(({ at }) => at >= end - WINDOW_MS)
    const flaky = recent.filter((one) => one.flaky)
    return {
      ...{ recipe, tier, test, runs: recent.length, flaky: flaky.length },
      attempts: recent.reduce((sum, { attempts }) => sum + attempts, 0),
      failed: recent.filter(({ status }) => status === 'fail').length,
      rate: recent.length === 0 ? 0 : flaky.length / recent.length,
      took: durationPercentiles(recent.filter(({ status }) => status === 'pass').map(({ ms }) => ms)),
      since: knownSince(seen),
      newest: flaky.at(-1)?.run.id ?? null,
      evidenceSchema: newest.evidenceSchema,
      tools: [...new Set(recent.map(({ run }) => run.tool.version))].sort(),
    }
  })
}

function subjectsOf(runs: readonly RunSummary[]): Map<string, Subject> {
  const subjects = new Map<string, Subject>()
  const note = (tier: TierId, test: FlakeMemory['test'], seen: Seen) => {
    const key = test ? JSON.stringify([tier, test.file, test.title]) : tier
    const subject = subjects.get(key) ?? { tier, test, seen: [] }
    subject.seen.push(seen)
    subjects.set(key, subject)
  }
  for (const run of runs) {
    const at = Date.parse(run.startedAt)
    for (const tier of run.tiers) {
      const seen = seenTier(tier)
      if (seen) note(tier.id, null, { run, at, ...seen })
      for (const test of tier.tests ?? []) {
        const { file, title } = test
        const own = seenTest(test, tier.attempts ?? 1)
        if (own) note(tier.id, { file, title }, { run, at, ...own })
      }
    }
  }
  return subjects
}

function seenTier({ status, durationMs: ms, flaky, attempts = 1 }: TierSummary): Omit<Seen, 'run' | 'at'> | null {
  return status === 'pass' || status === 'fail' ? { status, ms, attempts, flaky: flaky !== undefined } : null
}

function seenTest({ status, durationMs: ms, flaky }: TestSummary, attempts: number) {
  if (status === 'skipped') return null
  return { status: status === 'passed' ? 'pass' : 'fail', ms, flaky: flaky === true, attempts } as const
}

/**
 * Known flaky since: the first flaky run of the period that continues. A period ends with `CLEAN_RUNS` passes at the first attempt in a row; a fail is no sign
 * of either and is passed over. Runs that did not judge it say nothing.
 */
function knownSince(seen: readonly Pick<Seen, 'run' | 'status' | 'flaky'>[]): FlakeMemory['since'] {
  let since: FlakeMemory['since'] = null
  let clean = 0
  for (const { run, status, flaky } of seen) {
    if (flaky) {
      since ??= { run: run.id, at: run.startedAt }
      clean = 0
    } else if (status === 'pass') {
      clean += 1
      if (clean >= CLEAN_RUNS) since = null
    }
  }
  return since
}

/** By tier, the tier itself before its tests. */
function inRows(a: Subject, b: Subject): number {
  const order = TIER_IDS.indexOf(a.tier) - TIER_IDS.indexOf(b.tier)
  if (order !== 0) return order
  const [left, right] = [a, b].map(({ test }) => (test ? `${test.file}\0${test.title}` : ''))
  return (left ?? '') < (right ?? '') ? -1 : 1
}
