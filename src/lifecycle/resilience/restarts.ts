import { specDifferences } from '../../engine/spec-hash.ts'
import type { ServiceState, TaskState } from '../../engine/types.ts'

/** The services of a stack and its tasks at one moment. */
export interface StackState {
  readonly services: readonly ServiceState[]
  readonly tasks: readonly TaskState[]
}

export interface Restart {
  readonly service: string
  /** Fields of the compose file in which the service differs; empty: none that the engine shows. */
  readonly differs: readonly string[]
  /** Fields in which it differed before already from what cc-ci had deployed: somebody else changed it. */
  readonly changedBefore: readonly string[]
}

/**
 * The services whose tasks a redeploy replaces, known from their wanted spec alone, also before the engine has begun: whatever differs
 * in it makes every task of the service old. A task that ended by itself meanwhile is no restart.
 */
export function restartsOf(
  deployed: readonly ServiceState[],
  before: StackState,
  after: StackState,
): { restarts: Restart[]; steady: { service: string; tasks: string[]; specHash: string }[] } {
  const restarts: Restart[] = []
  const steady: { service: string; tasks: string[]; specHash: string }[] = []
  for (const now of after.services) {
    const { service } = now
    const was = before.services.find((one) => one.service === service)
    const first = deployed.find((one) => one.service === service)
    const differs = was ? differing(was, now) : ['added']
    const tasks = running(after, now)
    if (differs.length > 0 || replaced(before, after, now).length > 0) {
      restarts.push({ service, differs, changedBefore: was && first ? differing(first, was) : [] })
    } else steady.push({ service, tasks, specHash: now.specHash })
  }
  return { restarts, steady }
}

function differing(a: ServiceState, b: ServiceState): string[] {
  const fields = a.templateHash === b.templateHash ? [] : specDifferences(a.taskTemplate, b.taskTemplate)
  const template = a.templateHash !== b.templateHash && fields.length === 0 ? ['labels'] : fields
  return a.endpointHash === b.endpointHash ? template : [...template, 'ports']
}

/** Tasks that ran before and were asked to end. */
function replaced(before: StackState, after: StackState, service: ServiceState): string[] {
  return running(before, service).filter((id) => {
    const task = after.tasks.find((one) => one.id === id)
    return task?.desired !== 'running' && task?.state !== 'failed' && task?.state !== 'complete'
  })
}

function running({ tasks }: StackState, { id }: ServiceState): string[] {
  return tasks
    .filter((task) => task.serviceId === id && task.state === 'running' && task.desired === 'running')
    .map((task) => task.id)
}
