import type { Transport } from '../connection.ts'

/**
 * Which calls the engine of a node answers for itself. All others are about the Swarm, and a manager answers them: services, tasks, nodes, secrets, configs, and networks, which
 * in a Swarm span its nodes; only a container is put on one where it is. Source: Docker Engine API, its sections.
 */
const OF_NODE =
  /^\/(?:containers|exec|volumes|images|events|info|version|_ping)(?:[/?]|$)|^\/networks\/[^/]+\/(?:dis)?connect\?/

/** Calls about the Swarm go to its manager, calls about containers, volumes and images to the engine of a node. `name`: of the node, see `nodeOf`. */
export function nodeTransport(manager: Transport, node: Transport, name: string): Transport {
  return {
    dial(options, done) {
      if (!OF_NODE.test(options.path)) return manager.dial(options, done)
      node.dial(options, (error, answer) => done(error ? onNode(error, name) : error, answer))
    },
  }
}

/** The node that a call failed at, on the error of the call. */
const NODE = Symbol('node')

function onNode(error: unknown, name: string): unknown {
  return error instanceof Error ? Object.assign(error, { [NODE]: name }) : error
}

/** The node whose engine a call was for when it failed; null: that of the manager. */
export function nodeOf(error: unknown): string | null {
  return error instanceof Error ? ((error as { [NODE]?: string })[NODE] ?? null) : null
}
