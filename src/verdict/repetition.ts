import { type Cause, isDeterministic } from './causes.ts'
import type { RunHeader } from './events.ts'
import type { TierResult } from './results.ts'
import { TIERS } from './tiers.ts'

/** `because`: what a second attempt may end otherwise. `why`: null where there is nothing that it could. */
export type RepeatDecision =
  | { readonly repeat: true; readonly because: string }
  | { readonly repeat: false; readonly why: string | null }

interface Obstacle {
  readonly tier: TierResult
  readonly cause: Cause
  /** A second attempt would end the same here. */
  readonly stays: boolean
}

/**
 * Whether these tiers, of a whole first attempt, are judged once more: when what may be chance stands between the run and a better verdict.
 * Where the verdict is certain all the same, a second attempt would only make it come later.
 */
export function repetitionOf(
  tiers: readonly TierResult[],
  { lintEnforced }: Pick<RunHeader, 'lintEnforced'>,
): RepeatDecision {
  const obstacles = tiers.flatMap((tier) => obstacleOf(tier, lintEnforced === true))
  const mayPass = obstacles.filter(({ stays }) => !stays)
  const [first] = mayPass
  if (!first) return { repeat: false, why: null }
  const stays = obstacles.filter((obstacle) => obstacle.stays)
  const certain =
    stays.find(({ tier }) => tier.status === 'fail') ??
    (mayPass.every(({ tier }) => tier.status === 'unverified') ? stays[0] : undefined)
  return certain
    ? { repeat: false, why: `${endOf(certain)} and would again, whatever becomes of the rest` }
    : { repeat: true, because: mayPass.map(endOf).join(', ') }
}

/** A tier that keeps the run from passing, for a reason of its own. Lint looks at files, which stay what they are. */
function obstacleOf(tier: TierResult, lintEnforced: boolean): Obstacle[] {
  const { id, status, cause } = tier
  const { app, decides } = TIERS[id]
  if (!cause || cause.code === 'blocked' || app === 'last') return []
  if (decides === 'enforced' && status === 'fail' && !lintEnforced) return []
  return [{ tier, cause, stays: app === 'none' || isDeterministic(cause) }]
}

function endOf({ tier, cause }: Pick<Obstacle, 'tier' | 'cause'>): string {
  return `${tier.id} ended with ${cause.code}`
}
