import { LIFE_MS } from '../../engine/watch/stability.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import { TIER_IDS, TIERS, type TierId } from '../../verdict/tiers.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { TierReporter } from '../reporter.ts'

/** Beyond what has to be outlived, a minute at most: for a program that is being started meanwhile. */
const DEADLINE_MS = 5 * 60_000

/**
 * Ends a tier: tells which programs ended by themselves, and waits until each has outlived the age at which it did and every service has
 * run for a while. The last tier that leaves the app alone waits until each has run long enough to be believed; what the tiers took counts.
 */
export async function assertStable(context: RunContext, reporter: TierReporter): Promise<void> {
  if (context.plan.attached) return
  await outlived(context, reporter, isLastOfLife(reporter.tier, context) ? LIFE_MS.whole : LIFE_MS.first)
  reporter.check('stayed-up', 'pass')
}

/**
 * Before cc-ci stops the app: a life that is broken off proves nothing, and a program that ends at an age which no undisturbed stretch of the run
 * reaches would be seen only when all stretches are over.
 */
export async function assertStableBeforeStop(context: RunContext, reporter: TierReporter): Promise<void> {
  if (!context.plan.attached) await outlived(context, reporter, LIFE_MS.whole)
}

async function outlived({ watch, signal, clock }: RunContext, reporter: TierReporter, leastMs: number): Promise<void> {
  const waited = await waitFor(
    async () => {
      const [first] = await watch.unproven({ leastMs })
      return first ? { state: 'waiting', reason: first.message } : { state: 'ready', value: true }
    },
    { wait: 'last', timeoutMs: DEADLINE_MS, everyMs: 1000, signal, clock, onWaiting: reporter.onWaiting },
  )
  for (const { message } of watch.news()) reporter.finding(finding('task-ended', message))
  if (waited.state === 'ready') return
  const seen = waited.state === 'deadline' ? waited.lastSeen : ''
  throw new TierStop('stayed-up', cause('deadline', `${seen}; it did not within ${DEADLINE_MS / 1000} s`), 'unverified')
}

/** After it only the tier runs that kills, or none. */
function isLastOfLife(tier: TierId, { plan }: RunContext): boolean {
  const later = TIER_IDS.slice(TIER_IDS.indexOf(tier) + 1)
  return later.every((id) => TIERS[id].disrupts || plan.skips.has(id))
}
