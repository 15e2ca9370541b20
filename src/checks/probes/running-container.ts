import type { Engine } from '../../engine/client.ts'

export interface PortQuery {
  readonly engine: Engine
  readonly runId: string
  readonly stack: string
  readonly service: string
  readonly port: number
  readonly toolboxImage: string
  readonly signal: AbortSignal
}

/** The container of the service's newest running task, with an address of it; a text says why there is none. */
export async function runningContainer({
  engine,
  stack,
  service,
}: Pick<PortQuery, 'engine' | 'stack' | 'service'>): Promise<
  { readonly id: string; readonly address: string } | string
> {
  const found = await engine.service(`${stack}_${service}`)
  if (!found) return `there is no service ${service}`
  const tasks = await engine.tasks(stack)
  const task = tasks.findLast(
    (one) => one.serviceId === found.id && one.state === 'running' && one.desired === 'running',
  )
  const container = task?.containerId ? await engine.container(task.containerId) : null
  const address = Object.values(container?.addresses ?? {}).find((text) => text !== '')
  return container && address ? { id: container.id, address } : `${service} does not run`
}
