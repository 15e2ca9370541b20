import { RUN_LABEL } from '../../engine/client.ts'
import { randomId } from '../../lib/ids.ts'
import type { ProbeLook } from './probe.ts'
import { type PortQuery, runningContainer } from './running-container.ts'

const CONNECT = 'timeout 3 bash -c \'exec 3<>"/dev/tcp/$0/$1"\' "$1" "$2" 2>&1'
const DEADLINE_MS = 15_000

/** Connects from inside the task's own network to the task's own address, as the other services of the app would. */
export async function tcpLook(query: PortQuery): Promise<ProbeLook> {
  const { engine, runId, stack, port, toolboxImage, signal } = query
  const container = await runningContainer(query)
  if (typeof container === 'string') return container
  const { exitCode, output } = await engine.run({
    name: `${stack}_ccci-probe-${randomId(6)}`,
    image: toolboxImage,
    argv: ['bash', '-c', CONNECT, 'probe', container.address, String(port)],
    labels: { [RUN_LABEL]: runId },
    network: `container:${container.id}`,
    timeoutMs: DEADLINE_MS,
    signal,
  })
  return exitCode === 0 ? null : (output.trim().split('\n').at(-1) ?? '') || 'nothing listens there'
}
