import type { Engine } from '../../engine/client.ts'
import { RUN_LABEL } from '../../engine/client.ts'
import { randomId } from '../../lib/ids.ts'
import type { ProbeLook } from './probe.ts'

export interface TcpQuery {
  readonly engine: Engine
  readonly runId: string
  readonly stack: string
  readonly service: string
  readonly port: number
  readonly toolboxImage: string
  readonly signal: AbortSignal
}

const CONNECT = 'timeout 3 bash -c \'exec 3<>"/dev/tcp/$0/$1"\' "$1" "$2" 2>&1'
const DEADLINE_MS = 15_000

/** Connects from inside the task's own network to the task's own address, as the other services of the app would. */
export async function tcpLook({
  engine,
  runId,
  stack,
  service,
  port,
  toolboxImage,
  signal,
}: TcpQuery): Promise<ProbeLook> {
  const found = await engine.service(`${stack}_${service}`)
  if (!found) return `there is no service ${service}`
  const tasks = await engine.tasks(stack)
  const task = tasks.findLast(
    (one) => one.serviceId === found.id && one.state === 'running' && one.desired === 'running',
  )
  const container = task?.containerId ? await engine.container(task.containerId) : null
  const address = Object.values(container?.addresses ?? {}).find((text) => text !== '')
  if (!container || !address) return `${service} does not run`
  const { exitCode, output } = await engine.run({
    name: `${stack}_ccci-probe-${randomId(6)}`,
    image: toolboxImage,
    argv: ['bash', '-c', CONNECT, 'probe', address, String(port)],
    labels: { [RUN_LABEL]: runId },
    network: `container:${container.id}`,
    timeoutMs: DEADLINE_MS,
    signal,
  })
  return exitCode === 0 ? null : (output.trim().split('\n').at(-1) ?? '') || 'nothing listens there'
}
