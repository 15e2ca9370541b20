import { toolVersion } from '../lib/version.ts'
import type { EnvironmentFacts } from '../verdict/events.ts'
import type { Canary } from './canary.ts'
import { isAsExpected } from './compare.ts'
import type { CanaryRun } from './run-canary.ts'
import { isLate } from './table.ts'

/** What `cc-ci selftest --json` writes. */
export interface SelftestReport {
  readonly schema: 1
  readonly tool: { readonly name: 'cc-ci'; readonly version: string }
  readonly startedAt: string
  readonly seconds: number
  readonly jobs: number
  readonly repeat: number
  /** How often the healthy look-alikes. */
  readonly repeatHealthy: number
  /** As it was before the first canary. */
  readonly machine: EnvironmentFacts
  readonly summary: Summary
  readonly runs: readonly ReportedRun[]
}

export interface Summary {
  /** Runs of planted faults, and how many of them ended at their tier with their cause and blame. */
  readonly faults: number
  readonly caught: number
  /** Runs of healthy look-alikes, and how many of them were not green. */
  readonly healthy: number
  readonly falseReds: number
  /** Healthy runs that were judged more than once. */
  readonly flaky: number
  /** Runs in which anything at all was other than expected. */
  readonly unexpected: number
  /** How long after what they judge the faults were known, in ms; null where nothing was done. */
  readonly toRed: { readonly medianMs: number; readonly worstMs: number } | null
  /** Canaries whose fault was known later than it could have been. */
  readonly late: readonly string[]
}

interface ReportedRun extends Omit<CanaryRun, 'said'> {
  readonly about: string
  readonly disturbance: string | null
  readonly expected: object
  readonly said?: string
}

/** Facts that are reported as they are, and the runs that the rest is counted from. */
export interface SelftestFacts extends Omit<SelftestReport, 'schema' | 'tool' | 'summary' | 'runs'> {
  readonly canaries: Readonly<Record<string, Canary>>
  readonly runs: readonly CanaryRun[]
}

export function reportOf({ canaries, runs, ...facts }: SelftestFacts): SelftestReport {
  return {
    schema: 1,
    tool: { name: 'cc-ci', version: toolVersion() },
    ...facts,
    summary: summaryOf(canaries, runs),
    runs: runs.flatMap((run) => {
      const canary = canaries[run.name]
      return canary ? [reported(run, canary)] : []
    }),
  }
}

export function isHealthy({ expect }: Canary): boolean {
  return expect.verdict === 'pass'
}

function summaryOf(canaries: Readonly<Record<string, Canary>>, runs: readonly CanaryRun[]): Summary {
  const healthy = runs.filter(({ name }) => canaries[name] && isHealthy(canaries[name]))
  const faults = runs.filter((run) => !healthy.includes(run))
  return {
    faults: faults.length,
    caught: faults.filter((run) => isCaught(run, canaries[run.name])).length,
    healthy: healthy.length,
    falseReds: healthy.filter(({ found }) => found?.verdict !== 'pass').length,
    flaky: healthy.filter(({ found }) => found && found.attempts > 1).length,
    unexpected: runs.filter(({ differences }) => differences.length > 0).length,
    toRed: toRed(faults.flatMap(({ times }) => times.sinceActMs ?? [])),
    late: faults.flatMap((run) => {
      const canary = canaries[run.name]
      return canary && isLate(run, canary) ? [run.name] : []
    }),
  }
}

function toRed(times: readonly number[]): Summary['toRed'] {
  const sorted = times.toSorted((a, b) => a - b)
  const [medianMs, worstMs] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)]
  return medianMs === undefined || worstMs === undefined ? null : { medianMs, worstMs }
}

function isCaught({ found }: CanaryRun, canary: Canary | undefined): boolean {
  if (!found || !canary) return false
  return isAsExpected(canary.expect, found)
}

function reported({ said, ...run }: CanaryRun, { about, expect, disturbance }: Canary): ReportedRun {
  const { says, ...expected } = expect
  return {
    ...run,
    about,
    disturbance: disturbance?.what ?? null,
    expected: { ...expected, ...(says ? { says: says.source } : {}) },
    ...(said === '' ? {} : { said }),
  }
}
