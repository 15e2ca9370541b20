import type { ServiceState } from '../types.ts'
import { START_QUIET_MS } from './activity.ts'
import { waitingReason } from './decide.ts'
import { currentTasks, expectedServices, type ObservedTask, type StackSnapshot } from './snapshot.ts'
import { endedByItself } from './task-exit.ts'

/** A program that ended this often by itself starts again; it does not get on. */
const STARTS_ANEW = 3
const MUST_HOLD_MS = 10_000

/**
 * Whether something that is not up yet gets on, so that a passed `timeouts.deploy` does not end the wait. Progress is: a task on its way to its
 * first start (an image that is pulled, a volume that is made), a program inside the start period of its own health check, one that says
 * something new or uses the processor (within the last `quietMs`), one that runs and must only hold, and an update that the engine still watches.
 */
export function showsProgress(snapshot: StackSnapshot, quietMs = START_QUIET_MS): boolean {
  return expectedServices(snapshot).some((service) => {
    if (waitingReason(snapshot, service) === null) return false
    const tasks = currentTasks(snapshot, service)
    if (tasks.filter((task) => endedByItself(task, service)).length >= STARTS_ANEW) return false
    return tasks.some((task) => getsOn(task, service, quietMs))
  })
}

function getsOn(task: ObservedTask, service: ServiceState, quietMs: number): boolean {
  if (task.state === 'preparing') return true
  if (task.state === 'starting' && task.inStateMs < service.startPeriodMs) return true
  if (task.state === 'running' && (task.inStateMs < MUST_HOLD_MS || service.update?.state === 'updating')) return true
  const works = task.quietMs !== null && task.quietMs < quietMs
  return works && (task.state === 'starting' || task.state === 'running')
}
