import { z } from 'zod'
import { InfraError, messageOf } from '../lib/errors.ts'
import { Connection, type Transport } from './connection.ts'
import { engineElsewhere, engineHost, engineRootless, engineSocket, isRootless } from './endpoint.ts'

/**
 * A connection to the engine of `engineHost`, which is a manager of a Swarm. Throws InfraError `engine-elsewhere`, `engine-unreachable`,
 * `engine-permission`, `engine-rootless`, `not-a-swarm`, `not-a-manager`.
 */
export async function connectToManager(): Promise<Connection> {
  // The transport knows sockets, and of other endpoints only what DOCKER_HOST says.
  if (engineSocket() === null && !/^(tcp|https?):/.test(process.env.DOCKER_HOST ?? '')) throw engineElsewhere()
  const connection = await reach()
  const { Swarm, SecurityOptions } = await connection.request('GET', '/info', info.parse)
  if (isRootless(SecurityOptions ?? [])) throw engineRootless()
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

const info = z.object({
  Swarm: z.object({ LocalNodeState: z.string().nullish(), ControlAvailable: z.boolean().nullish() }).nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
})

async function reach(): Promise<Connection> {
  try {
    const { default: Docker } = await import('dockerode')
    // By TCP it reads DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH itself.
    const socket = engineSocket()
    const connection = new Connection(
      new Docker(socket === null ? undefined : { socketPath: socket }).modem as Transport,
    )
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
