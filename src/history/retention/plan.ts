import type { PruneKind } from './kinds.ts'
import type { FolderUse } from './measure.ts'
import type { RetentionPolicy } from './policy.ts'
import type { PrunedEntry } from './pruned-record.ts'
import type { Keep } from './standing.ts'

/** What is known of a run when it is decided what goes. */
export interface PruneFacts {
  readonly id: string
  /** When it was ordered, epoch ms. */
  readonly at: number
  readonly use: FolderUse
  /** Kinds whose removal was begun by a prune that did not come to its end. */
  readonly begun: readonly PruneKind[]
  /** Set: nothing of it is touched. */
  readonly keep: Keep | null
}

export interface PlannedRun {
  readonly facts: PruneFacts
  /** `begun`: what an earlier prune began, and nothing else. */
  readonly why: PrunedEntry['why'] | 'begun'
  readonly kinds: readonly PruneKind[]
}

export interface PrunePlan {
  /** All run folders as they are. */
  readonly before: { readonly runs: number; readonly bytes: number }
  readonly prune: readonly PlannedRun[]
  readonly kept: readonly { readonly facts: PruneFacts; readonly keep: Keep }[]
  /** Runs of which nothing is left that could go. */
  readonly bare: number
  /** Runs that are within the limits. */
  readonly within: number
}

export interface PrunePlanInput {
  readonly runs: readonly PruneFacts[]
  readonly policy: RetentionPolicy
  /** Epoch ms. */
  readonly now: number
  /** Asked of runs that would be pruned, and of no other. */
  readonly lacksResults: (run: PruneFacts) => Keep | null
}

/**
 * Decides what goes, oldest first: what an earlier prune began, what is too old, and then as much as brings all run folders together below
 * the limit. A run goes with all that may go of it, so that there are whole runs and bare ones, and no third sort to explain.
 */
export function planPrune({ runs, policy, now, lacksResults }: PrunePlanInput): PrunePlan {
  const { olderThanMs, maxBytes } = policy
  const prune: PlannedRun[] = []
  const kept: PrunePlan['kept'][number][] = []
  const young: PruneFacts[] = []
  let bare = 0
  const before = { runs: runs.length, bytes: runs.reduce((sum, { use }) => sum + use.bytes, 0) }
  let { bytes } = before

  const take = (facts: PruneFacts, why: PlannedRun['why']) => {
    const keep = lacksResults(facts)
    if (keep) return void kept.push({ facts, keep })
    const kinds = why === 'begun' ? facts.begun : [...new Set([...facts.begun, ...facts.use.kinds.keys()])]
    prune.push({ facts, why, kinds })
    bytes -= bytesOf(facts, kinds)
  }

  for (const facts of [...runs].sort((a, b) => a.at - b.at || a.id.localeCompare(b.id))) {
    const isOld = olderThanMs !== null && now - facts.at >= olderThanMs
    if (facts.keep) kept.push({ facts, keep: facts.keep })
    else if (facts.use.kinds.size === 0 && !isUnfinished(facts)) bare += 1
    else if (isOld) take(facts, 'age')
    else young.push(facts)
  }
  let within = 0
  for (const facts of young) {
    if (maxBytes !== null && bytes > maxBytes) take(facts, 'size')
    else if (isUnfinished(facts)) take(facts, 'begun')
    else within += 1
  }
  return { before, prune, kept, bare, within }
}

/** What of a run goes with these kinds, in bytes. */
export function bytesOf({ use }: Pick<PruneFacts, 'use'>, kinds: readonly PruneKind[]): number {
  return kinds.reduce((sum, kind) => sum + (use.kinds.get(kind)?.bytes ?? 0), 0)
}

function isUnfinished({ begun, use }: PruneFacts): boolean {
  return begun.length > 0 || use.leftovers.length > 0
}
