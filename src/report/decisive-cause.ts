import type { Results, TierResult } from '../verdict/results.ts'
import { TIERS } from '../verdict/tiers.ts'

export type WithCause = TierResult & { readonly cause: NonNullable<TierResult['cause']> }

/** Tiers that say themselves why they are not green: first those that have the verdict, and of these lint last, which hardly ever decides it. */
export function mostDecisiveFirst(tiers: readonly TierResult[], verdict: Results['verdict']): WithCause[] {
  const weight = ({ id, status }: WithCause) => (status === verdict ? 2 : 0) + (TIERS[id].decides === 'always' ? 1 : 0)
  return tiers.filter(isCause).toSorted((a, b) => weight(b) - weight(a))
}

function isCause(tier: TierResult): tier is WithCause {
  return tier.cause !== undefined && tier.cause.code !== 'blocked'
}
