import { flakyTiers } from '../verdict/attempts.ts'
import type { Results } from '../verdict/results.ts'

/** `flaky: upgrade not-converged at first`; empty where nothing passed on a second attempt only. */
export function flakyText(results: Pick<Results, 'tiers' | 'attempts'>): string {
  const tiers = flakyTiers(results).map(({ tier, code }) => `${tier} ${code}`)
  return tiers.length === 0 ? '' : `flaky: ${tiers.join(', ')} at first`
}
