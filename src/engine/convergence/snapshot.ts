import type { CauseCode } from '../../verdict/causes.ts'
import type { ContainerState, ServiceState, TaskState } from '../types.ts'

/** One look at a stack, with what earlier looks remember. */
export interface Snapshot {
  readonly services: readonly ServiceState[]
  /** Every task seen since the wait began, as last seen, oldest first; the engine itself forgets old ones. */
  readonly tasks: readonly SeenTask[]
  /** Containers of tasks on this node, by id, as far as they were looked at. */
  readonly containers: ReadonlyMap<string, ContainerState>
  /** What must be there, by service name without the stack. */
  readonly expected: ReadonlyMap<string, Expected>
}

export interface Expected {
  /** The service as it was before the update that is waited for; null when it was just created. */
  readonly before: ServiceState | null
}

export interface SeenTask extends TaskState {
  /** How long it has been in this state, in ms. */
  readonly inStateMs: number
}

/** What runs once a stack has converged. */
export interface Converged {
  readonly services: readonly ServiceState[]
  /** The tasks that run, and the last task of each completed one-shot. */
  readonly tasks: readonly { readonly service: string; readonly id: string; readonly state: string }[]
  /** How the update of each service ended; `created` when it is new, `none` when nothing had to be done. */
  readonly updates: readonly { readonly service: string; readonly state: 'completed' | 'none' | 'created' }[]
}

/** A cause before its decisive lines were fetched. */
export interface Diagnosis {
  readonly code: CauseCode
  readonly message: string
  readonly service: string
  readonly hint?: string
  /** The tasks that show it, oldest first; the log of the last one is worth reading. */
  readonly tasks: readonly SeenTask[]
  /** Services that were not up meanwhile, which this one may need: their state and log are worth reading too. */
  readonly behind?: readonly string[]
}

const ENDED = new Set<TaskState['state']>(['complete', 'failed', 'rejected', 'shutdown', 'remove', 'orphaned'])

export function hasEnded(task: TaskState): boolean {
  return ENDED.has(task.state)
}

/** Tasks of a service that were made from the spec it has now. */
export function currentTasks(snapshot: Snapshot, service: ServiceState): readonly SeenTask[] {
  return snapshot.tasks.filter((task) => task.serviceId === service.id && task.templateHash === service.templateHash)
}
