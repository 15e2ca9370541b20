import { factDifferences } from '../facts.ts'
import type { Conditions } from './contract.ts'

/** What is not as it was, as the record of an attribution has it. */
export interface MovedCondition {
  readonly what: string
  readonly before: string
  readonly after: string
}

/** Differences of what both know: a reference that only one of them has used says nothing. */
export function conditionDifferences(before: Conditions, after: Conditions): MovedCondition[] {
  return factDifferences(before, after).flatMap(({ key, before: was, after: now }) =>
    was === null || now === null ? [] : [{ what: key, before: was, after: now }],
  )
}

interface EqualRuns<R> {
  /** Those that ran in the conditions of now, in their order. */
  readonly runs: readonly R[]
  /** The conditions of now: of each thing what was seen of it last. */
  readonly conditions: Conditions
  /** What moved while the cells were run; the runs before it are left out. */
  readonly moved: readonly MovedCondition[]
}

/** The runs that may be compared with each other. */
export function inEqualConditions<R extends { readonly conditions: Conditions }>(runs: readonly R[]): EqualRuns<R> {
  let conditions: Conditions = {}
  const equal: R[] = []
  const moved = new Map<string, MovedCondition>()
  for (const run of runs.toReversed()) {
    const different = conditionDifferences(run.conditions, conditions)
    for (const difference of different) moved.set(difference.what, difference)
    if (different.length === 0) equal.unshift(run)
    conditions = { ...run.conditions, ...conditions }
  }
  return { runs: equal, conditions, moved: [...moved.values()] }
}
