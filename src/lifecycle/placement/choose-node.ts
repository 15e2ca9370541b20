import { unmetConstraints } from '../../deploy/placement.ts'
import type { DeclaredTask } from '../../engine/nodes/declared-memory.ts'
import type { NodeReach } from '../../engine/nodes/reach.ts'
import { UsageError } from '../../lib/errors.ts'
import type { ComposeModel } from '../../recipe/model.ts'
import type { Claim } from './claims.ts'

/** A label of a node, set by `cc-ci nodes drain`: it gets no new runs, and those that it has end in peace. */
export const DRAIN_LABEL = 'cc-ci.drain'

/** A node and what can be said of it for a run. */
export interface Candidate {
  readonly reach: NodeReach
  /** Why it takes no run now; null: it does. */
  readonly refuses: string | null
  /** Constraints of the app that it does not meet. */
  readonly unmet: readonly string[]
  /** Of its memory, what nothing that runs there declares. */
  readonly freeBytes: number
  readonly runs: number
}

/** What runs and everything else declare of each node. A run that has a claim counts with that, also before its services are there. */
export function candidates(
  reaches: readonly NodeReach[],
  {
    models,
    tasks,
    claims,
  }: { models: readonly ComposeModel[]; tasks: readonly DeclaredTask[]; claims: readonly Claim[] },
): Candidate[] {
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

/**
 * What to say where each service finds a node that takes runs and no node can run all of them: the scheduler would spread them, and cc-ci does not. Null: one node can, or nothing can
 * run some service.
 */
export function spreadOnly(all: readonly Candidate[]): string | null {
  const open = all.filter(({ refuses }) => refuses === null)
  const services = [...new Set(open.flatMap(({ unmet }) => unmet.map(serviceOf)))]
  const hasNode = (service: string) => open.some(({ unmet }) => !unmet.some((one) => serviceOf(one) === service))
  if (services.length < 2 || open.some(({ unmet }) => unmet.length === 0) || !services.every(hasNode)) return null
  return open.map(({ reach, unmet }) => `${reach.node.hostname} is none for ${unmet.join(', ')}`).join('; ')
}

/** Of `db: node.labels.disk==ssd`. */
function serviceOf(unmet: string): string {
  return unmet.slice(0, unmet.indexOf(': '))
}

/** Why it takes no run; null: it does. */
function refusalOf(reach: NodeReach): string | null {
  return unfitBecause(reach) ?? (DRAIN_LABEL in reach.node.labels ? 'cc-ci drains it' : null)
}

/** Why it could not run an app, whoever wishes it; null: it could. */
export function unfitBecause({ node, engine, problem }: NodeReach): string | null {
  if (node.state !== 'ready') return `it is ${node.state}`
  if (node.availability !== 'active') return `its availability is ${node.availability}`
  if (problem !== null) return problem
  return engine === null ? 'CC_CI_NODES does not say where its engine is' : null
}

/** By host name or id. Throws UsageError `unknown-node`. */
export function nodeNamed(all: readonly Candidate[], name: string): Candidate {
  const found = all.find(({ reach: { node } }) => node.hostname === name || node.id === name)
  if (found) return found
  throw new UsageError('unknown-node', `the Swarm has no node ${name}`, {
    hint: `It has: ${all.map(({ reach }) => reach.node.hostname).join(', ')}.`,
  })
}

/**
 * The node with the most free memory among those that meet the app's constraints, of equals the one with the fewest runs, then the own one. Where none meets them, the one that meets
 * the most: the scheduler says then what is missing. Null: none takes runs.
 */
export function chooseNode(all: readonly Candidate[], isHome: (reach: NodeReach) => boolean): Candidate | null {
  const open = all.filter(({ refuses }) => refuses === null)
  const rank = (one: Candidate) => [one.unmet.length, -one.freeBytes, one.runs, isHome(one.reach) ? 0 : 1]
  const [best] = [...open].sort((a, b) => compare(rank(a), rank(b)))
  return best ?? null
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0)
}
