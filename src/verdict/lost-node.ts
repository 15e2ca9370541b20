import { decisiveTier } from './decisive.ts'
import type { Verdict } from './results.ts'
import type { TierId } from './tiers.ts'

/** As far as the results of a run, or what is remembered of them, tell it. */
interface Ended {
  readonly verdict: Verdict
  readonly environment: { readonly node?: string | undefined } | null
  readonly tiers: readonly {
    readonly id: TierId
    readonly status: string
    readonly cause?: { readonly code: string } | undefined
  }[]
}

/**
 * The node of a Swarm of several that was lost under a run, which is what it ended for: another node may judge the same. Null: it ended otherwise. Runs that this is true of are run
 * once more, by whoever has the queue.
 */
export function lostNode(ended: Ended): string | null {
  const { node } = ended.environment ?? {}
  if (node === undefined || ended.verdict !== 'unverified') return null
  return decisiveTier(ended)?.cause?.code === 'engine-lost' ? node : null
}
