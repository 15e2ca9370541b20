import { TIER_IDS, TIERS, type TierId, withNeeds } from '../../verdict/tiers.ts'

/** How far a run has come. */
export interface RunProgress {
  readonly passed: (tier: TierId) => boolean
  /** The version under test is what serves, or there is no other. */
  readonly headServes: boolean
  /** Where the app was found to be broken for good. */
  readonly failedIn?: TierId | undefined
}

/** The first tier that keeps this one from being judged; null: none does. */
export function blockerOf(tier: TierId, { passed, headServes, failedIn }: RunProgress): TierId | null {
  const { app, needs } = TIERS[tier]
  if (app !== 'base' && app !== 'head') return null
  const blocking = [
    ...withNeeds(needs).filter((id) => !passed(id)),
    ...(failedIn ? [failedIn] : []),
    ...(app === 'head' && !headServes ? ['upgrade'] : []),
  ]
  return TIER_IDS.find((id) => blocking.includes(id)) ?? null
}
