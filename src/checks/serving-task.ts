import type { Route } from '../edge/routes.ts'
import type { Engine } from '../engine/client.ts'

/** A running task and the addresses at which the edge may dial it. */
export interface ServingTask {
  readonly id: string
  readonly service: string
  readonly addresses: readonly string[]
  /** Id of its container. */
  readonly container: string
  /** Its own health check says so; false without one. */
  readonly healthy: boolean
}

/** The running tasks of a stack with the addresses of their containers, on this node. */
export async function runningTasks(engine: Engine, stack: string): Promise<ServingTask[]> {
  const [tasks, containers, services] = await Promise.all([
    engine.tasks(stack),
    engine.containers({ stack }),
    engine.services(stack),
  ])
  return tasks.flatMap((task) => {
    const container = containers.find(({ id }) => id === task.containerId)
    if (task.state !== 'running' || !container) return []
    const service = services.find(({ id }) => id === task.serviceId)?.service ?? task.serviceId
    const healthy = container.health?.status === 'healthy'
    return [{ id: task.id, service, addresses: Object.values(container.addresses), container: container.id, healthy }]
  })
}

/** Who stands behind the routers of a domain. `strangers` are servers that are no running task of the stack. */
export function serversBehind(routes: readonly Route[], tasks: readonly ServingTask[]) {
  const live = routes.filter(({ status }) => status !== 'disabled')
  const servers = [...new Set(live.flatMap((route) => route.servers))]
  const found = servers.map((server) => ({
    server,
    task: tasks.find((task) => task.addresses.includes(hostOf(server))),
  }))
  return {
    routed: live.length > 0,
    tasks: [...new Set(found.flatMap(({ task }) => task?.id ?? []))],
    strangers: found.flatMap(({ server, task }) => (task ? [] : [server])),
    errors: routes.flatMap(({ router, errors }) => errors.map((error) => `${router}: ${error}`)),
  }
}

export function hostOf(server: string): string {
  return URL.canParse(server) ? new URL(server).hostname.replace(/^\[|\]$/g, '') : server
}
