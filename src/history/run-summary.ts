import { createHash } from 'node:crypto'
import { flakyTiers } from '../verdict/attempts.ts'
import type { Results, TierStatus } from '../verdict/results.ts'
import type { TierId } from '../verdict/tiers.ts'

type Cause = NonNullable<Results['tiers'][number]['cause']>

export interface TierSummary {
  readonly id: TierId
  /** `not-judged`: it was left out of the run, which says nothing about it. */
  readonly status: TierStatus | 'not-judged'
  readonly durationMs: number
  readonly cause?: Pick<Cause, 'code' | 'blame' | 'service'>
  /** The code that it ended with at first, where it passed on a second attempt only. */
  readonly flaky?: string
  /** How often it was judged, where that was more than once. */
  readonly attempts?: number
  /** Why it was skipped, where it was. */
  readonly skip?: NonNullable<Results['tiers'][number]['skipKind']>
  /** From the beginning of its deployment until every service was up, in ms. */
  readonly convergedMs?: number
  /** The recipe's own tests; missing where none was told of. */
  readonly tests?: readonly TestSummary[]
}

/** One test of the recipe in one run. */
export interface TestSummary {
  readonly file: string
  readonly title: string
  readonly status: Results['tiers'][number]['tests'][number]['status']
  readonly durationMs: number
  /** It failed at first, and passed on a second attempt. */
  readonly flaky?: true
  /** The last day of its quarantine. */
  readonly quarantined?: string
}

/** More of one tier are not remembered, nor longer titles: both may come from a pull request. */
const MOST_TESTS = 200
const MOST_TITLE = 120
const MOST_REFUSED = 20

/**
 * What of a run others are compared with: everything that decides whether two runs may be compared, and how each tier ended. The content of one
 * line of the index of runs.
 */
export interface RunSummary extends Pick<Results, 'recipe' | 'base' | 'tool' | 'verdict' | 'level'> {
  readonly id: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly finishedAt: string
  /** False: killed, or stopped by somebody. */
  readonly whole: boolean
  /** The failed run that it continued from: two lives that are put together are not one. */
  readonly resumed?: string
  readonly evidenceSchema: number | null
  readonly environment: Omit<NonNullable<Results['environment']>, 'load'> | null
  readonly images: readonly Omit<Results['images'][number], 'sizeBytes'>[]
  /** Setting to its value as JSON, of those that the operator wrote: what lies in the repository of the recipe belongs to its commit. */
  readonly settings: Readonly<Record<string, string>>
  readonly tiers: readonly TierSummary[]
  /** Code of the recipe that was not run because nobody had approved it; missing: none. */
  readonly refused?: readonly string[]
  /** What all services held together, each at the end of the tier at which it held most, in bytes; missing: nobody measured it. */
  readonly memoryBytes?: number
}

export function summaryOf(results: Results): RunSummary {
  const { run, recipe, base, tool, environment, verdict, level } = results
  const refused = results.customization.refused.slice(0, MOST_REFUSED).map((what) => what.slice(0, MOST_TITLE))
  return {
    id: run.id,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    whole: run.complete && run.interrupted === null,
    ...(run.resumed ? { resumed: run.resumed.run } : {}),
    recipe,
    base,
    tool,
    evidenceSchema: results.evidenceSchema ?? null,
    environment: environment && withoutLoad(environment),
    images: results.images.map(({ service, ref, id }) => ({ service, ref, id })),
    settings: operatorsSettings(results.customization),
    verdict,
    level,
    tiers: tiersOf(results),
    ...(refused.length > 0 ? { refused } : {}),
    ...(results.memory ? { memoryBytes: results.memory.reduce((sum, { bytes }) => sum + bytes, 0) } : {}),
  }
}

function withoutLoad({ load: _load, ...machine }: NonNullable<Results['environment']>): RunSummary['environment'] {
  return machine
}

function tiersOf(results: Results): TierSummary[] {
  const flaky = new Map(flakyTiers(results).map(({ tier, code }) => [tier, code]))
  return results.tiers.map(({ id, status, skipKind, durationMs, cause, convergedMs, tests }) => {
    const first = flaky.get(id)
    const attempts = timesJudged(id, results)
    return {
      id,
      status: skipKind === 'not-selected' ? 'not-judged' : status,
      durationMs,
      ...(cause ? { cause: causeOf(cause) } : {}),
      ...(first ? { flaky: first } : {}),
      ...(attempts > 1 ? { attempts } : {}),
      ...(skipKind ? { skip: skipKind } : {}),
      ...(convergedMs === undefined ? {} : { convergedMs }),
      ...(tests.length > 0 ? { tests: testsOf({ id, tests }, results) } : {}),
    }
  })
}

/** By the attempt that counts and by those that were replaced; one that does not count judged nothing. */
function timesJudged(id: TierId, { tiers, attempts = [] }: Results): number {
  const all = [{ tiers }, ...attempts.filter(({ attempt }) => attempt === 1)]
  return all.filter(({ tiers }) => tiers.some((tier) => tier.id === id && isJudged(tier.status))).length
}

function isJudged(status: TierStatus): boolean {
  return status === 'pass' || status === 'fail'
}

function testsOf({ id, tests }: Pick<Results['tiers'][number], 'id' | 'tests'>, { attempts = [] }: Results) {
  const before = attempts.find(({ attempt }) => attempt === 1)?.tiers.find((tier) => tier.id === id)?.tests ?? []
  const failed = new Set(before.filter(({ status }) => status === 'failed').map(keyOf))
  return tests.slice(0, MOST_TESTS).map((test): TestSummary => {
    const { file, title, status, durationMs, quarantined } = test
    return {
      ...{ file: file.slice(0, MOST_TITLE), title: title.slice(0, MOST_TITLE), status, durationMs },
      ...(status === 'passed' && failed.has(keyOf(test)) ? { flaky: true } : {}),
      ...(quarantined ? { quarantined: quarantined.until } : {}),
    }
  })
}

function keyOf({ file, title }: { readonly file: string; readonly title: string }): string {
  return JSON.stringify([file, title])
}

function causeOf({ code, blame, service }: Cause): NonNullable<TierSummary['cause']> {
  return { code, blame, ...(service ? { service } : {}) }
}

/** A setting whose source lies below the recipe's own `cc-ci/` is part of its commit. */
function operatorsSettings({ config, sources = {}, approval }: Results['customization']): Record<string, string> {
  const own = Object.entries(config).filter(([name]) => !(sources[name] ?? '').startsWith('cc-ci/'))
  const values = own.map(([name, value]) => [name, shortened(JSON.stringify(value))] as const)
  return Object.fromEntries([...values, ...(approval === undefined ? [] : [['approval', approval] as const])].sort())
}

/** An index of thousands of runs holds no long texts: equal values stay equal. */
function shortened(text: string): string {
  if (text.length <= 80) return text
  return `${text.slice(0, 60)}… ${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
}
