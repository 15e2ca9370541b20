import type { ServiceState } from '../types.ts'
import { crashLoop, strandedSlots } from './loops.ts'
import { memoryLimitReached } from './out-of-memory.ts'
import { type Diagnosis, isCurrent, isTerminal, type StackSnapshot, unintendedTasks } from './snapshot.ts'
import { blameOfRefusal, startRefusal } from './start-refusal.ts'
import { stuckTask } from './stuck.ts'
import { exitReason, isFailure, isJob, isOutOfMemory, wasRefused, wasUnhealthy } from './task-exit.ts'

/** A job is tried so often. */
const JOB_ENDS = 3
/** The engine says what it thinks of an update within a second of the end that decides it. */
const VERDICT_OF_UPDATE_MS = 3_000

/** The decisive sign that a service will not come up, or null while there is hope. */
export function convergenceFailure(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const update = updateFailure(snapshot, service)
  // Nothing of it is wanted: what its earlier tasks came to is history.
  if (update || service.replicas === 0) return update
  const found =
    stuckTask(snapshot, service) ??
    startRefusal(snapshot, service) ??
    outOfMemory(snapshot, service) ??
    unhealthy(snapshot, service) ??
    oneShotFailed(snapshot, service) ??
    crashLoop(snapshot, service) ??
    strandedSlots(snapshot, service)
  return found && !engineWillSay(service, found) ? found : null
}

/** The end of a new task may pause or roll back the update at once; which of both is seen first must not decide the cause. */
function engineWillSay({ update, failureAction }: ServiceState, { tasks }: Diagnosis): boolean {
  const last = tasks.at(-1)
  if (update?.state !== 'updating' || failureAction === 'continue' || !last) return false
  return isFailure(last) && last.inStateMs < VERDICT_OF_UPDATE_MS
}

function updateFailure(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const state = service.update?.state ?? ''
  if (state !== 'paused' && !state.startsWith('rollback')) return null
  if (state === 'paused' && !stoppedHalfWay(snapshot, service)) return null
  const failed = snapshot.tasks.filter((task) => task.serviceId === service.id && isFailure(task))
  const first = failed.find((task) => task.templateHash !== service.templateHash) ?? failed.at(-1)
  const why = first ? `: a new task ${exitReason(snapshot, first)}` : ''
  const limit = first && isOutOfMemory(snapshot, first) ? memoryLimitReached(service) : null
  const found = {
    service: service.service,
    tasks: failed,
    // A full disk, a port in use or trouble of the engine is no fault of the recipe, whatever the engine made of it.
    ...(first && wasRefused(first) ? { blame: blameOfRefusal(first) } : {}),
  }
  // Whatever the engine makes of it, the new version met a limit that is not the recipe's.
  if (limit?.code === 'run-memory') return { ...found, ...limit, message: `${limit.message}; its update is ${state}` }
  return state === 'paused'
    ? { ...found, code: 'update-paused', message: `the update of ${service.service} is paused${why}` }
    : {
        ...found,
        code: 'rolled-back',
        message: `the engine ${state === 'rollback_completed' ? 'rolled' : 'rolls'} ${service.service} back (${state})${why}`,
      }
}

/**
 * A paused update has left tasks of the older spec behind. Where it has not, all there is to update was updated: Swarm pauses "due to failure or
 * early termination" (swarmkit, updater.go), which is also said of a one-shot that did its work and of a program that needed a second start,
 * and tasks continue under their restart policy. What they come to decides.
 */
function stoppedHalfWay(snapshot: StackSnapshot, service: ServiceState): boolean {
  return snapshot.tasks.some(
    (task) =>
      task.serviceId === service.id && task.desired === 'running' && !isTerminal(task) && !isCurrent(task, service),
  )
}

function outOfMemory(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const tasks = unintendedTasks(snapshot, service).filter((task) => isOutOfMemory(snapshot, task))
  if (tasks.length === 0) return null
  return { ...memoryLimitReached(service), service: service.service, tasks }
}

/** Twice: a first boot that initialises data may outlast its start period once, and operators never notice. */
function unhealthy(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const tasks = unintendedTasks(snapshot, service).filter((task) => wasUnhealthy(snapshot, service, task))
  const onceMore = service.restartCondition !== 'none'
  if (tasks.length < (onceMore ? 2 : 1)) return null
  const message = `the health check of ${service.service} failed until the engine killed its container`
  return { code: 'healthcheck-failing', service: service.service, tasks, message }
}

function oneShotFailed(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const again = service.restartCondition !== 'none'
  if (again && !isJob(service)) return null
  const failed = unintendedTasks(snapshot, service).filter(isFailure)
  const last = failed.at(-1)
  if (!last || (again && failed.length < JOB_ENDS)) return null
  return {
    code: 'one-shot-failed',
    service: service.service,
    tasks: failed,
    message: `${service.service} ${exitReason(snapshot, last)}${again ? '' : ' and will not be started again'}`,
  }
}
