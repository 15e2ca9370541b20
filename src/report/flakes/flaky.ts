import { flakyTiers } from '../../verdict/attempts.ts'
import type { Results } from '../../verdict/results.ts'

/** `flaky: upgrade not-converged at first`; empty where nothing passed on a second attempt only. */
export function flakyText(results: Pick<Results, 'tiers' | 'attempts'>): string {
  return flakyTierText(flakyTiers(results))
}

/** The same of tiers that are known to be flaky, each with the code that it ended with at first. */
export function flakyTierText(flaky: readonly { readonly tier: string; readonly code: string }[]): string {
  const tiers = flaky.map(({ tier, code }) => `${tier} ${code}`)
  return tiers.length === 0 ? '' : `flaky: ${tiers.join(', ')} at first`
}
