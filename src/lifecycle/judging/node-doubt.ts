import type { Engine } from '../../engine/client.ts'
import { nodeIdAt } from '../../engine/nodes/reach.ts'
import { swarmNodes } from '../../engine/nodes/swarm-nodes.ts'
import { messageOf } from '../../lib/errors.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import type { TierResult } from '../../verdict/results.ts'
import { TIERS, type TierId } from '../../verdict/tiers.ts'
import type { RunContext } from '../context.ts'

const ANSWER_MS = 15_000

/**
 * Where the app is on another node and the tier found a fault: whether that node is still there. Tests and browsers ask the app and not the engine, and what they meet of an app whose
 * node has gone looks like a fault of the recipe. Null: it is, or the app is on the node of this machine, which would have taken cc-ci with it.
 */
export async function nodeDoubt(
  tier: TierId,
  { host, signal }: Pick<RunContext, 'host' | 'signal'>,
  { checks, tests }: Pick<TierResult, 'checks' | 'tests'>,
): Promise<Cause | null> {
  const { engine } = host
  const fault = checks.some(({ outcome }) => outcome === 'fail') || tests.some(({ status }) => status === 'failed')
  if (engine.node === null || TIERS[tier].app === 'none' || !fault) return null
  const why = await lostBecause(engine, engine.node, signal)
  if (why === null) return null
  return cause(
    'engine-lost',
    `${tier} found a fault, but node ${engine.node.hostname}, on which the app is, was lost: ${why}`,
    {
      hint: 'It is judged again on another node by a sweep or a server; `cc-ci nodes` shows which there are.',
    },
  )
}

async function lostBecause(
  engine: Engine,
  { id }: NonNullable<Engine['node']>,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    if ((await nodeIdAt(engine.connection, ANSWER_MS)) !== id) return 'its engine is in that Swarm no more'
    const node = (await swarmNodes(engine.home.connection)).find((one) => one.id === id)
    if (!node) return 'the Swarm has no such node'
    return node.state === 'ready' ? null : `the Swarm calls it ${node.state}`
  } catch (error) {
    signal.throwIfAborted()
    return messageOf(error)
  }
}
