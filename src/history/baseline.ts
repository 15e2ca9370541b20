import { type ComparisonRule, comparable, type Reason } from './compare/comparable.ts'
import type { RunSummary } from './run-summary.ts'

export type FoundBaseline =
  | { readonly run: RunSummary }
  /** Why none of the runs will do, by reason: how many, and the words of the newest. */
  | { readonly run: null; readonly asked: number; readonly why: readonly { times: number; message: string }[] }

export interface BaselineCriteria {
  readonly rule: ComparisonRule
  /** Only runs of that commit, as of the branch that a pull request is for. */
  readonly commit?: string
  /** Where no earlier run will do, the first later one is taken: it was made for this. */
  readonly orLater?: boolean
}

/**
 * The newest earlier run that `after` may be compared with: of the same recipe, judged all that `after` judged, and different in one thing at
 * most. `runs`: newest first.
 */
export function findBaseline(runs: readonly RunSummary[], after: RunSummary, wanted: BaselineCriteria): FoundBaseline {
  const { rule, commit, orLater = false } = wanted
  const others = runs.filter(
    (run) => run.recipe.name === after.recipe.name && (commit === undefined || run.recipe.commit === commit),
  )
  const later = orLater ? others.filter(({ id }) => id > after.id).reverse() : []
  const earlier = [...others.filter(({ id }) => id < after.id), ...later]
  const refused = new Map<string, { times: number; message: string }>()
  for (const run of earlier) {
    const why = refusalReasons(run, after, rule)
    if (why === null) return { run }
    for (const { code, message } of why) {
      const known = refused.get(code)
      refused.set(code, { times: (known?.times ?? 0) + 1, message: known?.message ?? message })
    }
  }
  return { run: null, asked: earlier.length, why: [...refused.values()] }
}

type RefusalReason = Pick<Reason, 'message'> & { readonly code: Reason['code'] | 'judged-less' }

function refusalReasons(run: RunSummary, after: RunSummary, rule: ComparisonRule): readonly RefusalReason[] | null {
  const found = comparable(run, after, rule)
  if (found.kind === 'refused') return found.reasons
  const left = after.tiers.filter(({ id, status }) => status !== 'not-judged' && isLeftOut(run, id))
  if (left.length === 0) return null
  const tiers = left.map(({ id }) => id).join(', ')
  return [{ code: 'judged-less', message: `run ${run.id} left out ${tiers}` }]
}

function isLeftOut({ tiers }: RunSummary, id: string): boolean {
  return tiers.find((tier) => tier.id === id)?.status === 'not-judged'
}
