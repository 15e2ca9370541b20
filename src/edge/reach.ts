import { connect } from 'node:net'
import { waitFor } from '../lib/async/wait.ts'
import { InfraError } from '../lib/errors.ts'
import type { EdgeAddress } from './address.ts'

/** An edge that has just ended is started again by the engine within this time. */
const REACH_DEADLINE_MS = 5_000
const DIAL_MS = 2_000

export const REACH_HINT =
  "In a container: start it with --network host, or --network proxy, on the machine of the engine. Elsewhere see 'docker logs cc-ci-edge'."

/**
 * That this process reaches the edge of cc-ci, which is published on the loopback of the engine's machine: a process in a container has another
 * loopback. An operator's own edge is not asked here. Throws InfraError `edge-unreachable`.
 */
export async function assertReachable({ host, httpsPort, apiPort }: EdgeAddress): Promise<void> {
  if (apiPort === null) return
  const result = await waitFor<true, never>(
    async () =>
      (await takesConnections(host, httpsPort))
        ? { state: 'ready', value: true }
        : { state: 'waiting', reason: 'no connection' },
    { name: 'a connection to the edge', timeoutMs: REACH_DEADLINE_MS, everyMs: 250 },
  )
  if (result.state === 'ready') return
  const text = `the edge runs, but nothing takes connections at ${host}:${httpsPort} from here`
  throw new InfraError('edge-unreachable', text, { hint: REACH_HINT })
}

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: DIAL_MS })
    const end = (reached: boolean) => {
      socket.destroy()
      resolve(reached)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
