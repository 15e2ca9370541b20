import { currentTasks, type ObservedTask, type StackSnapshot } from '../../engine/convergence/snapshot.ts'
import { isRouted, isServer } from '../../engine/convergence/task-exit.ts'
import type { ServiceState } from '../../engine/types.ts'
import type { ComposeModel } from '../../recipe/model.ts'

/** A service and the task whose container is to be killed. */
export interface Target {
  readonly service: string
  readonly task: ObservedTask & { readonly containerId: string }
}

/** A service that is left alone. */
export interface SkippedService {
  readonly service: string
  readonly why: string
}

/**
 * What is killed, in that order: first what users reach, then what keeps no data, last what keeps data. So nothing that lost its database
 * is healed by a kill of its own, and the data is compared when the last recovery of a database is fresh. Of several replicas one is killed.
 */
export function killTargets(
  snapshot: StackSnapshot,
  model: Pick<ComposeModel, 'services'>,
): { targets: Target[]; spared: SkippedService[] } {
  const spared: SkippedService[] = []
  const targets: Target[] = []
  for (const service of ordered(snapshot.services, model)) {
    const task = currentTasks(snapshot, service).find(runs)
    const why = model.services[service.service] ? skipReason(service, task) : 'head no longer has it'
    if (why !== null) spared.push({ service: service.service, why })
    else if (task) targets.push({ service: service.service, task })
  }
  return { targets, spared }
}

function runs(task: ObservedTask): task is Target['task'] {
  return task.state === 'running' && task.desired === 'running' && task.containerId !== null
}

/** A program without a sign of a server that is not to be started again may be a long job: its end would prove nothing. */
function skipReason(service: ServiceState, task: ObservedTask | undefined): string | null {
  if (service.replicas === 0) return 'it has no replicas'
  if (service.mode.endsWith('job')) return 'it is a job'
  if (!task) return 'it has run to its end'
  if (service.restartCondition === 'none' && !isServer(service)) {
    return 'its restart condition is none, and nothing says that it is a server: it may be a job that still runs'
  }
  return null
}

function ordered(services: readonly ServiceState[], model: Pick<ComposeModel, 'services'>): ServiceState[] {
  const rank = (service: ServiceState) => {
    if (isRouted(service)) return 0
    return (model.services[service.service]?.volumes ?? []).some(({ type }) => type === 'volume') ? 2 : 1
  }
  return services.toSorted((a, b) => rank(a) - rank(b) || (a.service < b.service ? -1 : 1))
}
