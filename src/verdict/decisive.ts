import type { Results, TierResult, Verdict } from './results.ts'
import { TIERS, type TierId } from './tiers.ts'

export type WithCause = TierResult & { readonly cause: NonNullable<TierResult['cause']> }

/**
 * The tier whose end is that of the run: the first one that ended as the run did, lint only where no other did, because it hardly ever decides. Undefined where the
 * run passed, or was cut off without a tier that tells why.
 */
export function decisiveTier<Tier extends { readonly id: TierId; readonly status: string }>({
  verdict,
  tiers,
}: {
  readonly verdict: Verdict
  readonly tiers: readonly Tier[]
}): Tier | undefined {
  if (verdict === 'pass') return undefined
  const deciding = tiers.filter(({ status }) => status === verdict)
  return deciding.find(({ id }) => TIERS[id].decides === 'always') ?? deciding[0]
}

/** Tiers that say themselves why they are not green: first those that have the verdict, and of these lint last. */
export function mostDecisiveFirst(tiers: readonly TierResult[], verdict: Results['verdict']): WithCause[] {
  const weight = ({ id, status }: WithCause) => (status === verdict ? 2 : 0) + (TIERS[id].decides === 'always' ? 1 : 0)
  return tiers.filter(isCause).toSorted((a, b) => weight(b) - weight(a))
}

function isCause(tier: TierResult): tier is WithCause {
  return tier.cause !== undefined && tier.cause.code !== 'blocked'
}
