import { type RunContext, TierStop } from './context.ts'
import { policyCause } from './planning/policy.ts'

/** Before anything is deployed, and again whenever the environment has grown. */
export function refuseByPolicy({ plan }: RunContext): void {
  if (plan.policy.length > 0) throw new TierStop('policy-allows', policyCause(plan.policy))
}
