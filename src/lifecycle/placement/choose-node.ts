import { type Pin, unmetConstraints } from '../../deploy/placement.ts'
import type { DeclaredTask } from '../../engine/nodes/declared-memory.ts'
import type { NodeReach } from '../../engine/nodes/reach.ts'
import type { ComposeModel } from '../../recipe/model.ts'
import type { Claim } from './claims.ts'

/** A label of a node, set by `cc-ci nodes drain`: it gets no new runs, and those that it has end in peace. */
export const DRAIN_LABEL = 'cc-ci.drain'

/** A node and what can be said of it for a run. */
export interface Candidate<R extends Pick<NodeReach, 'node' | 'engine' | 'problem'> = NodeReach> {
  readonly reach: R
  /** Why it takes no run now; null: it does. */
  readonly refuses: string | null
  /** Constraints of the app that it does not meet. */
  readonly unmet: readonly string[]
  /** Of its memory, what nothing that runs there declares. */
  readonly freeBytes: number
  readonly runs: number
}

/** What runs and everything else declare of each node. A run that has a claim counts with that, also before its services are there. */
export function candidates<R extends NodeReach>(
  reaches: readonly R[],
  {
    models,
    tasks,
    claims,
  }: { models: readonly ComposeModel[]; tasks: readonly DeclaredTask[]; claims: readonly Claim[] },
): Candidate<R>[] {
  const claiming = new Set(claims.map(({ stack }) => stack))
  return reaches.map((reach) => {
    const { node } = reach
    const own = claims.filter(({ nodeId }) => nodeId === node.id)
    const others = tasks.filter(({ nodeId, stack }) => nodeId === node.id && !claiming.has(stack ?? ''))
    const declared = [...own, ...others].reduce((sum, { bytes }) => sum + bytes, 0)
    return {
      reach,
      refuses: refusalOf(reach),
      unmet: [...new Set(models.flatMap((model) => unmetConstraints(model, node)))],
      freeBytes: node.memoryBytes - declared,
      runs: own.length,
    }
  })
}

export function refusalOf({ node, engine, problem }: Pick<NodeReach, 'node' | 'engine' | 'problem'>): string | null {
  if (node.state !== 'ready') return `it is ${node.state}`
  if (node.availability !== 'active') return `its availability is ${node.availability}`
  if (DRAIN_LABEL in node.labels) return 'cc-ci drains it'
  if (problem !== null) return problem
  return engine === null ? 'CC_CI_NODES does not say where its engine is' : null
}

/**
 * The node with the most free memory among those that meet the app's constraints, of equals the one with the fewest runs, then the own one. Where none meets them, the one that meets
 * the most: the scheduler says then what is missing. Null: none takes runs.
 */
export function chooseNode<R extends NodeReach>(
  all: readonly Candidate<R>[],
  isHome: (reach: R) => boolean,
): Candidate<R> | null {
  const open = all.filter(({ refuses }) => refuses === null)
  const rank = (one: Candidate<R>) => [one.unmet.length, -one.freeBytes, one.runs, isHome(one.reach) ? 0 : 1]
  const [best] = [...open].sort((a, b) => compare(rank(a), rank(b)))
  return best ?? null
}

export function pinTo({ node }: Pick<NodeReach, 'node'>): Pin {
  return { id: node.id, hostname: node.hostname }
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}
