// cspell:ignore iflag fullblock
import { RUN_LABEL } from '../../engine/client.ts'
import { randomId } from '../../lib/ids.ts'
import { listeningPorts } from '../listening-ports.ts'
import type { ProbeLook } from './probe.ts'
import { type PortQuery, runningContainer } from './running-container.ts'

export interface UdpQuery extends PortQuery {
  /** A datagram in hexadecimal digits that has to be answered. Without one it is enough that somebody listens: a datagram that nobody wants is lost in silence. */
  readonly send?: string | undefined
}

/** One datagram, whatever bytes are in it, and the first byte of what comes back. */
const ASK = `exec 3<> "/dev/udp/$1/$2"
printf "$3" | dd bs=4096 iflag=fullblock status=none >&3
[ "$(timeout 2 head --bytes=1 <&3 2> /dev/null | wc --bytes)" = 1 ]`
const DEADLINE_MS = 15_000

/** Looks from inside the task's own network, at the task's own address. */
export async function udpLook(query: UdpQuery): Promise<ProbeLook> {
  const { engine, runId, stack, port, toolboxImage, signal, send } = query
  const container = await runningContainer(query)
  if (typeof container === 'string') return container
  const listening = await listeningPorts({ ...query, container: container.id, protocol: 'udp' })
  const own = listening?.find((one) => one.port === port)
  if (!own) return `nothing listens on port ${port} for datagrams`
  if (own.loopback) return `who listens on port ${port} takes datagrams of its own container alone (127.0.0.1)`
  if (send === undefined) return null
  const { exitCode } = await engine.run({
    name: `${stack}_ccci-probe-${randomId(6)}`,
    image: toolboxImage,
    argv: ['bash', '-c', ASK, 'probe', container.address, String(port), send.replace(/../g, '\\x$&')],
    labels: { [RUN_LABEL]: runId },
    network: `container:${container.id}`,
    timeoutMs: DEADLINE_MS,
    signal,
  })
  return exitCode === 0 ? null : 'the datagram was not answered within 2 s'
}
