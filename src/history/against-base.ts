import { findBaseline } from './baseline.ts'
import { type Comparability, type ComparisonRule, comparable } from './compare/comparable.ts'
import type { RunSummary } from './run-summary.ts'

/** A commit of the branch that a change is for: `fork`, at which the change left it, or `tip`, which may have continued since. */
export interface BaseCommit {
  readonly is: 'fork' | 'tip'
  readonly commit: string
}

export type FoundBase =
  | { readonly kind: 'found'; readonly base: BaseCommit; readonly run: RunSummary; readonly found: Comparable }
  /** For each commit that was asked, why none of its runs will do; no reason: no run of it is kept. */
  | { readonly kind: 'none'; readonly looked: readonly BaseLookup[] }

export interface BaseLookup {
  readonly base: BaseCommit
  readonly runs: number
  readonly why: readonly string[]
}

type Comparable = Extract<Comparability, { kind: 'comparable' }>

/**
 * The run of the base that tells what a change changed. What the change left the branch at comes before its tip, which may have what the change has
 * not. Runs of another repository of the same name are none. `runs`: newest first.
 */
export function findBase(
  runs: readonly RunSummary[],
  after: RunSummary,
  { bases, rule }: { readonly bases: readonly BaseCommit[]; readonly rule: ComparisonRule },
): FoundBase {
  const own = runs.filter(({ recipe }) => recipe.origin === after.recipe.origin)
  const looked: BaseLookup[] = []
  for (const base of bases) {
    const { commit } = base
    const baseline = findBaseline(own, after, { rule, commit, orLater: true })
    const found = baseline.run && comparable(baseline.run, after, rule)
    if (baseline.run && found?.kind === 'comparable') return { kind: 'found', base, run: baseline.run, found }
    if (baseline.run === null)
      looked.push({ base, runs: baseline.asked, why: baseline.why.map(({ message }) => message) })
  }
  return { kind: 'none', looked }
}

/** The fork, then the tip where that is another commit. */
export function basesOf({ fork, tip }: { readonly fork: string | null; readonly tip: string }): BaseCommit[] {
  return [
    ...(fork === null ? [] : [{ is: 'fork', commit: fork } as const]),
    ...(fork === tip ? [] : [{ is: 'tip', commit: tip } as const]),
  ]
}
