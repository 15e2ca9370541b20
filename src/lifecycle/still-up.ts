import { waitFor } from '../lib/wait.ts'
import { cause } from '../verdict/causes.ts'
import { TIER_IDS, TIERS, type TierId } from '../verdict/tiers.ts'
import { type RunContext, TierStop } from './context.ts'
import type { TierReporter } from './reporter.ts'

/** Beyond what has to be outlived, a minute at most: for a program that is being started meanwhile. */
const DEADLINE_MS = 5 * 60_000

/**
 * Ends a tier: tells which programs ended by themselves, and waits until each has outlived the age at which it did. The last tier that leaves
 * the app alone waits until every service has run long enough to be believed; what the tiers took counts.
 */
export async function stayedUp(context: RunContext, reporter: TierReporter): Promise<void> {
  const { watch, plan, signal, clock } = context
  if (plan.attached) return
  const whole = isLastOfLife(reporter.tier, context)
  const waited = await waitFor(
    async () => {
      const [first] = await watch.unproven({ whole })
      return first ? { state: 'waiting', reason: first.message } : { state: 'ready', value: true }
    },
    {
      wait: 'last',
      deadlineMs: DEADLINE_MS,
      everyMs: 1000,
      signal,
      clock,
      onWaiting: reporter.onWaiting,
    },
  )
  for (const { message } of watch.news()) reporter.finding({ code: 'task-ended', severity: 'warning', message })
  if (waited.state !== 'ready') {
    const seen = waited.state === 'deadline' ? waited.lastSeen : ''
    throw new TierStop(
      'stayed-up',
      cause('deadline', `${seen}; it did not within ${DEADLINE_MS / 1000} s`),
      'unverified',
    )
  }
  reporter.check('stayed-up', 'pass')
}

/** After it only the tier runs that kills, or none. */
function isLastOfLife(tier: TierId, { plan }: RunContext): boolean {
  const later = TIER_IDS.slice(TIER_IDS.indexOf(tier) + 1)
  return later.every((id) => TIERS[id].disrupts || plan.skips.has(id))
}
