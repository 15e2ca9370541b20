import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import type { Engine } from '../client.ts'
import type { Connection } from '../connection.ts'
import { dialNode, type NodeEndpoint, nodeEndpoints } from './endpoints.ts'
import { type SwarmNode, swarmNodes } from './swarm-nodes.ts'

/** A node of the Swarm, and whether cc-ci gets to its containers. */
export interface NodeReach {
  readonly node: SwarmNode
  /** With the containers of that node; null: nobody said where its engine is. */
  readonly engine: Engine | null
  /** Why its engine cannot be asked now; null: it answers, or has no endpoint. */
  readonly problem: string | null
}

const ANSWER_MS = 5_000

const info = z.object({ Swarm: z.object({ NodeID: z.string().nullish() }).nullish() })

/**
 * All nodes of the Swarm, with the engines of those that can be reached: the one that we are connected to, and those of CC_CI_NODES. Nodes come and go, so what is wrong with one is
 * its `problem` and stops nobody else; an endpoint of a node that is not in the Swarm (any more) is passed over. Throws UsageError `bad-nodes` where CC_CI_NODES cannot be read.
 */
export async function reachNodes(home: Engine): Promise<NodeReach[]> {
  const endpoints = nodeEndpoints()
  const [nodes, { nodeId }] = await Promise.all([swarmNodes(home.connection), home.info()])
  return Promise.all(
    nodes.map(async (node): Promise<NodeReach> => {
      if (node.id === nodeId) return { node, engine: home, problem: null }
      const endpoint = endpoints.find((one) => one.node === node.id) ?? endpoints.find((one) => isNamed(node, one))
      if (!endpoint) return { node, engine: null, problem: null }
      const connection = await dialNode(endpoint)
      return { node, engine: home.at({ ...node, connection }), problem: await problemOf(connection, node, endpoint) }
    }),
  )
}

/** The engine with the containers of one node, by host name or id, whether or not it answers. `gone`: the Swarm has no such node any more; `unknown`: nobody says where its engine is. */
export async function engineOn(home: Engine, name: string): Promise<Engine | 'gone' | 'unknown'> {
  const named = (await reachNodes(home)).filter(({ node }) => isNamed(node, { node: name }))
  // A machine that joined anew has left its earlier entry behind, which is down for ever.
  const found = named.find(({ problem }) => problem === null) ?? named[0]
  return found ? (found.engine ?? 'unknown') : 'gone'
}

function isNamed({ id, hostname }: SwarmNode, { node }: Pick<NodeEndpoint, 'node'>): boolean {
  return id === node || hostname === node
}

/** Which node of a Swarm an engine says that it is; empty: of none. */
export async function nodeIdAt(connection: Connection, timeoutMs: number): Promise<string> {
  const { Swarm } = await connection.request('GET', '/info', info.parse, { timeoutMs })
  return Swarm?.NodeID ?? ''
}

async function problemOf(connection: Connection, { id }: SwarmNode, { host }: NodeEndpoint): Promise<string | null> {
  try {
    if ((await nodeIdAt(connection, ANSWER_MS)) === id) return null
  } catch (error) {
    return `its engine does not answer at ${host}: ${messageOf(error)}`
  }
  return `CC_CI_NODES says that its engine is at ${host}, which is that of another node, or of none`
}
