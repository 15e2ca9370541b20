import type { Release } from '../../deploy/deployer.ts'
import { declaredMemory, type Pin } from '../../deploy/placement.ts'
import type { Engine } from '../../engine/client.ts'
import { declaredTasks } from '../../engine/nodes/declared-memory.ts'
import { reachNodes } from '../../engine/nodes/reach.ts'
import { swarmNodes } from '../../engine/nodes/swarm-nodes.ts'
import { InfraError, InternalError } from '../../lib/errors.ts'
import { formatSize } from '../../lib/text/size.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import { ownStack } from '../attached-app.ts'
import type { RunPlan } from '../plan.ts'
import { releasesOf } from '../planning/releases.ts'
import { type Candidate, candidates, chooseNode, nodeNamed, spreadOnly, unfitBecause } from './choose-node.ts'
import { choosing, claim, claims } from './claims.ts'

/** Where a run's app is put. */
export interface Place extends Disposable {
  /** The Swarm with the containers, volumes and images of that node. */
  readonly engine: Engine
  /** Null in a Swarm of one node: there is no choice. */
  readonly pin: Pin | null
  /** What is worth saying of the choice. */
  readonly findings: readonly Finding[]
}

/** What of a plan decides. */
export type Placed = Pick<RunPlan, 'app' | 'head' | 'base' | 'upgrade' | 'attached'>

/**
 * Chooses the node of a run: all tasks of its app are bound to it, and cc-ci looks at the containers of that node. In a Swarm of several nodes without CC_CI_NODES that is
 * the own node. `requested`: the node of `--node`, or of the app that is attached to. Throws InfraError `no-node`, `needs-several-nodes`, UsageError `unknown-node`.
 */
export async function placeRun(home: Engine, plan: Placed, requested?: string): Promise<Place> {
  if ((await swarmNodes(home.connection)).length <= 1 && requested === undefined)
    return { engine: home, pin: null, findings: [], [Symbol.dispose]: () => {} }
  return choosing(async () => {
    // Asked under the lock: a drain that waits for it must not be answered with labels of before.
    const reaches = await reachNodes(home)
    const tasks = await declaredTasks(home.connection)
    const releases = releasesOf(plan)
    const models = releases.map(({ stack }) => stack.model)
    const all = candidates(reaches, { models, tasks, claims: claims() })
    const chosen = requested === undefined ? best(all, home) : requestedNode(all, requested)
    const { node, engine } = chosen.reach
    if (engine === null) throw new InternalError('node-without-engine', `${node.hostname} was chosen without an engine`)
    const bytes = Math.max(...releases.map(bytesOf))
    const held = await claim({ nodeId: node.id, stack: ownStack(plan), bytes })
    const findings = bytes > chosen.freeBytes ? [crowded(chosen, bytes)] : []
    return {
      engine,
      pin: { id: node.id, hostname: node.hostname, size: { memoryBytes: node.memoryBytes, processors: node.cpus } },
      findings,
      [Symbol.dispose]: () => held[Symbol.dispose](),
    }
  })
}

/** What its files declare, as far as the run lets it have that. */
function bytesOf({ stack, added }: Release): number {
  const declared = declaredMemory(stack.model, added.memoryBytes)
  return Math.min(declared, added.run?.runBytes ?? declared)
}

function best(all: readonly Candidate[], home: Engine): Candidate {
  const spread = spreadOnly(all)
  if (spread !== null)
    throw new InfraError('needs-several-nodes', `the app asks for more than one node, and a run has one: ${spread}`, {
      hint: 'Give one node the labels that its services ask for, or relax a constraint. `--node NODE` judges it there all the same.',
    })
  const chosen = chooseNode(all, ({ engine }) => engine === home)
  if (chosen) return chosen
  const each = all.map(({ reach, refuses }) => `${reach.node.hostname}: ${refuses}`).join('; ')
  throw new InfraError('no-node', `no node of the Swarm takes runs (${each})`, {
    hint: '`cc-ci nodes` shows them; `cc-ci nodes activate NODE` ends a drain.',
  })
}

/** Whoever names a node means it, drained or not. */
function requestedNode(all: readonly Candidate[], name: string): Candidate {
  const found = nodeNamed(all, name)
  const why = unfitBecause(found.reach)
  if (why !== null) throw new InfraError('no-node', `node ${name} takes no run: ${why}`)
  return found
}

function crowded({ reach, freeBytes }: Candidate, bytes: number): Finding {
  const message = `the app declares ${formatSize(bytes)} of memory, and of node ${reach.node.hostname}, which has the most left, ${formatSize(Math.max(0, freeBytes))} are not declared yet`
  return finding('node-crowded', message)
}
