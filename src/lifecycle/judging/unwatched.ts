import type { Blindness } from '../../lib/async/observation-gaps.ts'
import { cause } from '../../verdict/causes.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import { TIERS, type TierId } from '../../verdict/tiers.ts'
import { type RunContext, TierStop } from '../context.ts'

/** A watch that was blind for less says nothing: a machine that is busy answers late. */
const TOLD_MS = 30_000

type Watched = Pick<RunContext, 'disk' | 'watch'>

interface Unwatched extends Blindness {
  readonly code: 'disk-unwatched' | 'memory-unwatched'
  readonly what: string
  /** What is not known then, for a person. */
  readonly unknown: string
}

async function unwatched({ disk, watch }: Watched): Promise<Unwatched[]> {
  const [ofDisk, ofMemory] = [await disk.blindness(), await watch.memoryBlindness()]
  return [
    ofDisk && {
      ...ofDisk,
      ...({ code: 'disk-unwatched', what: 'the disk' } as const),
      unknown: 'whether the app kept to `resources.disk`, and left the machine its room',
    },
    ofMemory && {
      ...ofMemory,
      ...({ code: 'memory-unwatched', what: 'the memory of all services together' } as const),
      unknown: 'whether the app kept to the memory of the run',
    },
  ].filter((one) => one !== null)
}

/**
 * A tier with an app of which no look at the disk, or at its memory, ever saw anything is not passed: `unverified`, as whatever could not be looked at. Another
 * look is made first, so that a short tier on a busy machine does not fall for it. Throws TierStop.
 */
export async function requireWatched(tier: TierId, context: Watched): Promise<void> {
  const { app } = TIERS[tier]
  if (app === 'none' || app === 'last') return
  const blind = (await unwatched(context)).find(({ never }) => never)
  if (!blind) return
  const message = `${blind.what} could not be watched while the app was up: none of ${blind.looks} looks succeeded; the last: ${blind.why}`
  const hint = `Not known is ${blind.unknown}. Run \`cc-ci doctor\`; then start the run again.`
  throw new TierStop('stayed-up', cause('engine-lost', message, { hint }), 'unverified')
}

/** What was not watched for a while, for the results: it decides nothing. */
export async function unwatchedFindings(context: Watched): Promise<Finding[]> {
  const long = (await unwatched(context)).filter(({ longestMs, never }) => never || longestMs >= TOLD_MS)
  return long.map(({ code, what, unknown, longestMs, failed, looks, why }) =>
    finding(
      code,
      `${what} was not watched for ${Math.round(longestMs / 1000)} s: ${failed} of ${looks} looks failed, the last: ${why}. Not known for that time is ${unknown}`,
    ),
  )
}
