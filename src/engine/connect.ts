import { z } from 'zod'
import { InfraError, messageOf } from '../lib/errors.ts'
import { Connection, type Transport } from './connection.ts'

/** Where the engine is, which the docker CLI gets too, so that both talk to the same one. */
export function engineHost(): string {
  return process.env.DOCKER_HOST || 'unix:///var/run/docker.sock'
}

/**
 * A connection to the engine DOCKER_HOST names, which is a manager of a Swarm. Throws InfraError `engine-unreachable`,
 * `engine-permission`, `not-a-swarm`, `not-a-manager`.
 */
export async function connectToManager(): Promise<Connection> {
  const connection = await reach()
  const { Swarm } = await connection.request('GET', '/info', swarm.parse)
  if (Swarm?.ControlAvailable) return connection
  if (Swarm?.LocalNodeState === 'active') {
    throw new InfraError('not-a-manager', `the engine at ${engineHost()} is a worker of its Swarm`, {
      hint: 'Set DOCKER_HOST to a manager node.',
    })
  }
  throw new InfraError('not-a-swarm', `the engine at ${engineHost()} is in no Swarm`, {
    hint: "Run 'docker swarm init' (or 'cc-ci engine up').",
  })
}

const swarm = z.object({
  Swarm: z.object({ LocalNodeState: z.string().nullish(), ControlAvailable: z.boolean().nullish() }).nullish(),
})

async function reach(): Promise<Connection> {
  try {
    const { default: Docker } = await import('dockerode')
    const connection = new Connection(new Docker().modem as Transport)
    await connection.send('GET', '/_ping', { timeoutMs: 10_000 })
    return connection
  } catch (error) {
    if (error instanceof InfraError && error.code === 'engine-permission') throw error
    throw new InfraError('engine-unreachable', `no engine answers at ${engineHost()}: ${messageOf(error)}`, {
      hint: "Start Docker, or set DOCKER_HOST; 'cc-ci engine up' starts one on Debian and Ubuntu.",
      cause: error,
    })
  }
}
