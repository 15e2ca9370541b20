import type { Blame, CauseCode } from '../../verdict/causes.ts'
import type { ContainerState, ServiceState, TaskState } from '../types.ts'

/** One look at a stack, with what earlier looks remember. */
export interface StackSnapshot {
  readonly services: readonly ServiceState[]
  /** Every task seen since the wait began, as last seen, oldest first; the engine itself forgets old ones. */
  readonly tasks: readonly ObservedTask[]
  /** Containers of tasks on this node, by id, as far as they were looked at. */
  readonly containers: ReadonlyMap<string, ContainerState>
  /** What must be there, by service name without the stack. Other services of the stack were dropped: nobody waits for them. */
  readonly expected: ReadonlyMap<string, Expected>
  /** When the look was, in epoch ms by our clock. */
  readonly at: number
  /** When it began: what it shows may be as old. Default: `at`. */
  readonly began?: number
  /** How long the wait has been going on, in ms: the engine was given the services before. */
  readonly waitedMs: number
  /** What somebody else found out about the stack and acted on: it decides before anything that is seen. */
  readonly imposed?: Diagnosis
}

export interface Expected {
  /** The service as it was before the update that is waited for; null when it was just created. */
  readonly before: ServiceState | null
}

export interface ObservedTask extends TaskState {
  /** How long it has been in this state, in ms. */
  readonly inStateMs: number
  /** How long it has neither said anything new nor used the processor, in ms (see `activity.ts`); null when nobody looked. */
  readonly quietMs: number | null
  /** How long it has been seen in the state `running`, in ms: until now, or until it ended. Absent when it never was. */
  readonly ranMs?: number
  /** cc-ci itself ended it, or something that cc-ci did explains its end: no sign against its program. */
  readonly meant?: boolean
}

/** What runs once a stack has converged. */
export interface ConvergedStack {
  readonly services: readonly ServiceState[]
  /** The tasks that run, and the last task of each completed one-shot. */
  readonly tasks: readonly { readonly service: string; readonly id: string; readonly state: string }[]
  /**
   * How the update of each service ended; `created` when it is new, `none` when nothing had to be done, `paused` when the engine stopped
   * watching because a task ended, and all runs the new spec all the same.
   */
  readonly updates: readonly { readonly service: string; readonly state: 'completed' | 'none' | 'created' | 'paused' }[]
}

/** A cause before its decisive lines were fetched. */
export interface Diagnosis {
  readonly code: CauseCode
  readonly message: string
  readonly service: string
  readonly hint?: string
  /** Default: the blame of the code. */
  readonly blame?: Blame
  /** Whether a second attempt would end the same; default: what the code says. */
  readonly deterministic?: boolean
  /** The tasks that show it, oldest first; the log of the last one is worth reading. */
  readonly tasks: readonly ObservedTask[]
  /** Services that were not up meanwhile, which this one may need: their state and log are worth reading too. */
  readonly behind?: readonly string[]
}

const ENDED = new Set<TaskState['state']>(['complete', 'failed', 'rejected', 'shutdown', 'remove', 'orphaned'])

export function isTerminal(task: TaskState): boolean {
  return ENDED.has(task.state)
}

/**
 * Tasks of a service that were made from what it wants now. The engine keeps tasks of an older spec that differs in nothing but the placement,
 * as long as their node fits the new one too. A job begins a new round at every deployment, with the same spec or not.
 */
export function currentTasks(snapshot: StackSnapshot, service: ServiceState): readonly ObservedTask[] {
  return snapshot.tasks.filter((task) => task.serviceId === service.id && isCurrent(task, service))
}

/** Those of `currentTasks` whose ends speak about the program. */
export function unintendedTasks(snapshot: StackSnapshot, service: ServiceState): readonly ObservedTask[] {
  return currentTasks(snapshot, service).filter(({ meant }) => meant !== true)
}

export function isCurrent(task: TaskState, service: ServiceState): boolean {
  return task.unplacedHash === service.unplacedHash && task.jobRound === service.jobRound
}

/** The services that are waited for. */
export function expectedServices({ services, expected }: StackSnapshot): readonly ServiceState[] {
  return services.filter(({ service }) => expected.has(service))
}

/**
 * Whether something of the stack is on its way out, or has left within these ms: what it holds will be free, or is and the engine has not
 * looked since. What ended and runs again in its place, as a crash loop does, leaves nothing.
 */
export function isReleasing(snapshot: StackSnapshot, withinMs: number): boolean {
  const isBack = (gone: ObservedTask) =>
    snapshot.tasks.some(
      (task) =>
        !isTerminal(task) &&
        task.nodeId !== null &&
        task.serviceId === gone.serviceId &&
        slotOf(task) === slotOf(gone) &&
        task.templateHash === gone.templateHash,
    )
  const leaves = (task: ObservedTask) => !isTerminal(task) || (task.inStateMs < withinMs && !isBack(task))
  return snapshot.tasks.some((task) => LEAVING.has(task.desired) && task.containerId !== null && leaves(task))
}

const LEAVING = new Set(['shutdown', 'remove'])

/** The place of a task among those of its service: one succeeds another in it. */
export function slotOf(task: TaskState): string {
  return String(task.slot ?? task.nodeId)
}
