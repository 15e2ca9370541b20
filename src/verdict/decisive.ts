import type { Results, TierResult } from './results.ts'

/** The tier whose end is that of the run: the first one that ended as the run did. Undefined where the run passed, or was cut off without a tier that tells why. */
export function decisiveTier({ verdict, tiers }: Pick<Results, 'verdict' | 'tiers'>): TierResult | undefined {
  return verdict === 'pass' ? undefined : tiers.find(({ status }) => status === verdict)
}
