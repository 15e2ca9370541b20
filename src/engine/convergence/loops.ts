import type { ServiceState } from '../types.ts'
import { START_QUIET_MS } from './activity.ts'
import {
  currentTasks,
  type Diagnosis,
  expectedServices,
  isTerminal,
  type ObservedTask,
  type StackSnapshot,
  slotOf,
  unintendedTasks,
} from './snapshot.ts'
import { endedByItself, exitReason, exitSignOf, isFailure, isJob, isOneShot, wasRefused } from './task-exit.ts'

/** The same end this often is a loop, when all other services were up meanwhile. */
const LOOP_ENDS = 3
/** So many are one beside services that do not come up and show no progress. */
const HOPELESS_ENDS = 6
/** Between the end of a task and the record of its successor. */
const SUCCESSOR_MS = 2_000
/** A service that wants tasks has some on their way within a second; after this long without any the engine will make none. */
const NO_TASK_MS = 15_000
/** Without a health check nobody knows when a program is ready; that it worked tells, for so long. */
const WARM_UP_MS = 60_000

/**
 * A program that ends again and again. Ends are counted only since all services outside a loop of their own are up: an app that ends until its
 * database answers is normal on a Swarm, however long the database takes while it shows progress.
 */
export function crashLoop(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const ends = loopEnds(snapshot, service)
  const last = ends.at(-1)
  // What its refusals mean is not for here: the program never ran.
  if (!last || wasRefused(last)) return null
  const others = expectedServices(snapshot).filter((other) => loopEnds(snapshot, other).length === 0)
  const down = others.filter((other) => upAt(snapshot, other) === null)
  const hopeless = down.length > 0 && down.every((other) => isQuiet(snapshot, other)) && ends.length >= HOPELESS_ENDS
  const latest = Math.max(0, ...others.map((other) => Number(upAt(snapshot, other))))
  const counted = down.length > 0 ? [] : ends.filter((task) => beganAfter(task, latest))
  if (counted.length < LOOP_ENDS && !hopeless) return null
  const message = `${service.service} ended ${ends.length} times: it ${exitReason(snapshot, last)}`
  return { code: 'crash-loop', service: service.service, tasks: ends, message }
}

/** In the slot that ended last: its ends with the same sign as the last one. */
function loopEnds(snapshot: StackSnapshot, service: ServiceState): readonly ObservedTask[] {
  const ends = unintendedTasks(snapshot, service).filter((task) => endedByItself(task, service))
  const last = ends.at(-1)
  return last ? ends.filter((task) => exitSignOf(task) === exitSignOf(last) && slotOf(task) === slotOf(last)) : []
}

/** It ran, or at least for its last second, when everything else was there. */
function beganAfter(task: ObservedTask, at: number): boolean {
  return Date.parse(task.createdAt) >= at || Date.parse(task.since) >= at + 1000
}

/** When the service was up, as far as another could wait for it, by the engine's clock: 0 for services that run nothing, null when it is not up yet. */
function upAt(snapshot: StackSnapshot, service: ServiceState): number | null {
  if (service.replicas === 0) return 0
  const last = lastUp(snapshot, service)
  if (!last) return null
  const workedMs = last.quietMs === null ? 0 : Math.max(0, last.inStateMs - last.quietMs)
  return Date.parse(last.since) + Math.min(WARM_UP_MS, workedMs)
}

function lastUp(snapshot: StackSnapshot, service: ServiceState): ObservedTask | undefined {
  return currentTasks(snapshot, service).findLast((task) => task.state === 'running' || task.state === 'complete')
}

/** Starting, past its start period, and without progress. */
function isQuiet(snapshot: StackSnapshot, service: ServiceState): boolean {
  const last = currentTasks(snapshot, service).at(-1)
  return last?.state === 'starting' && last.inStateMs >= service.startPeriodMs && (last.quietMs ?? 0) >= START_QUIET_MS
}

/** A slot that ended with no successor to come: attempts used up, or a server that ended with 0 and is not started again then. */
export function strandedSlots(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const tasks = currentTasks(snapshot, service)
  const lasts = new Map(tasks.map((task) => [slotOf(task), task] as const))
  for (const [slot, last] of lasts) {
    if (!isTerminal(last) || !endedByItself(last, service) || last.inStateMs < SUCCESSOR_MS) continue
    const found = strandedSlot(
      snapshot,
      service,
      tasks.filter((task) => slotOf(task) === slot),
    )
    if (found) return found
  }
  return leftAlone(snapshot, service, tasks)
}

/**
 * No task is left and the engine makes none: after its tasks were stopped, as for a restore, or when its restarts are used up. A slot whose newest
 * task failed and has no restart left counts as filled (swarmkit, restart.go: `UpdatableTasksInSlot`), also for a service that was stopped and is
 * wanted again; the tasks that were stopped may be forgotten by then.
 */
function leftAlone(snapshot: StackSnapshot, service: ServiceState, tasks: readonly ObservedTask[]): Diagnosis | null {
  const last = tasks.at(-1)
  const alive = snapshot.tasks.some((task) => task.serviceId === service.id && !isTerminal(task))
  if (!last || alive || service.update?.state === 'updating' || isJob(service) || last.state === 'complete') return null
  if (Math.min(snapshot.waitedMs, ...tasks.map(({ inStateMs }) => inStateMs)) < NO_TASK_MS) return null
  const failures = tasks.filter(isFailure)
  const most = service.restartMaxAttempts
  const usedUp = most !== null && failures.length >= most
  if (!usedUp && isFailure(last)) return null
  const message = `the engine starts no other task of ${service.service}${usedUp ? `: ${restartsUsedUp(most)}` : ''}`
  return { code: 'service-stranded', service: service.service, tasks: usedUp ? failures : [last], message }
}

function strandedSlot(
  snapshot: StackSnapshot,
  service: ServiceState,
  tasks: readonly ObservedTask[],
): Diagnosis | null {
  const last = tasks.at(-1)
  if (!last) return null
  if (last.state === 'complete' && service.restartCondition !== 'any') {
    const message = `${service.service} is a server, but it ended with 0 and will not be started again (restart condition ${service.restartCondition})`
    return { code: 'service-stranded', service: service.service, tasks: [last], message }
  }
  const failures = tasks.filter(isFailure)
  const usedUp = service.restartMaxAttempts !== null && failures.length > service.restartMaxAttempts
  if (!usedUp || !isFailure(last)) return null
  const message = `${service.service} ${exitReason(snapshot, last)}; ${restartsUsedUp(Number(service.restartMaxAttempts))}`
  const code = isJob(service) || isOneShot(service) ? 'one-shot-failed' : 'crash-loop'
  return { code, service: service.service, tasks: failures, message }
}

function restartsUsedUp(most: number): string {
  return most === 1 ? 'its 1 restart is used up' : `its ${most} restarts are used up`
}
