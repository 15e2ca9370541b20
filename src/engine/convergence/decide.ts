import type { Condition } from '../../lib/async/wait.ts'
import type { ServiceState } from '../types.ts'
import { convergenceFailure } from './failure.ts'
import {
  type ConvergedStack,
  currentTasks,
  type Diagnosis,
  expectedServices,
  isCurrent,
  isTerminal,
  type ObservedTask,
  type StackSnapshot,
  slotOf,
} from './snapshot.ts'
import { isOneShot } from './task-exit.ts'

/**
 * A task without a health check must have run this long before it counts: the engine calls it running the moment its program starts,
 * and one that ends at once would look converged between two ends. Where the engine was slow to start it, everything is: as long as that took.
 */
const STEADY_MS = 2_000
const SLOWEST_MS = 6_000
/** What runs once at most and still runs is a server or a one-shot at work: its end within this time would tell. */
const RUNS_ONCE_MS = 10_000

/**
 * What one look says about a whole stack. Converged: every expected service is there; each update that was asked for has ended as
 * `completed` (or had nothing to do); all wanted tasks of the *current* spec run and hold, nothing of an older spec is
 * wanted any more, and one-shots have completed with 0. A decisive sign of failure in any service ends the wait.
 */
export function decideConvergence(snapshot: StackSnapshot): Condition<ConvergedStack, Diagnosis> {
  const missing = [...snapshot.expected.keys()].filter(
    (name) => !snapshot.services.some(({ service }) => service === name),
  )
  const failure = rootFailure(snapshot)
  if (failure) return { state: 'impossible', cause: failure }
  const reasons = expectedServices(snapshot)
    .map((service) => waitingReason(snapshot, service))
    .filter((reason) => reason !== null)
  if (missing.length > 0) reasons.unshift(`service ${missing.join(', ')} does not exist yet`)
  if (snapshot.services.length === 0) reasons.unshift('the stack has no services')
  if (reasons.length > 0) return { state: 'waiting', reason: reasons.join('; ') }
  return { state: 'ready', value: converged(snapshot) }
}

/**
 * The failure to name where there are several: a service that ends again and again may do so only because another one failed. A crash loop
 * beside services that are not up yet names them, because the program may wait for exactly those.
 */
export function rootFailure(snapshot: StackSnapshot): Diagnosis | null {
  if (snapshot.imposed) return snapshot.imposed
  const failures = expectedServices(snapshot)
    .map((service) => convergenceFailure(snapshot, service))
    .filter((failure) => failure !== null)
  const root = failures.find(({ code }) => code !== 'crash-loop') ?? failures[0]
  if (!root) return null
  const loops = failures.filter((failure) => failure.code === 'crash-loop' && failure !== root)
  const failed = failures.map(({ service }) => service)
  const down = root.code === 'crash-loop' ? notUp(snapshot).filter(({ name }) => !failed.includes(name)) : []
  const meanwhile = [...loops.map(({ message }) => message), ...down.map(({ reason }) => `not up: ${reason}`)]
  if (meanwhile.length === 0) return root
  return {
    ...root,
    message: `${root.message}; meanwhile ${meanwhile.join(', ')}`,
    behind: down.map(({ name }) => name),
  }
}

function notUp(snapshot: StackSnapshot): { readonly name: string; readonly reason: string }[] {
  return expectedServices(snapshot).flatMap((service) => {
    const reason = waitingReason(snapshot, service)
    return reason === null ? [] : [{ name: service.service, reason }]
  })
}

/** What a service waits for; null when it is up. */
export function waitingReason(snapshot: StackSnapshot, service: ServiceState): string | null {
  return updateReason(snapshot, service) ?? taskReason(snapshot, service)
}

function updateReason(snapshot: StackSnapshot, service: ServiceState): string | null {
  const before = snapshot.expected.get(service.service)?.before
  if (service.update?.state === 'updating') return `${service.service}: update in progress`
  if (!before || service.update !== null || service.endpointHash === before.endpointHash) return null
  const ran = snapshot.tasks.some((task) => task.serviceId === service.id && task.createdAt !== '')
  return before.replicas !== 0 && ran ? `${service.service}: its update has not started yet` : null
}

function taskReason(snapshot: StackSnapshot, service: ServiceState): string | null {
  const all = snapshot.tasks.filter((task) => task.serviceId === service.id && !isTerminal(task))
  const old = service.replicas === 0 ? all : all.filter((task) => !isCurrent(task, service))
  if (old.length > 0) return `${service.service}: ${old.length} old ${plural(old.length, 'task')} still there`
  const tasks = currentTasks(snapshot, service)
  const wanted = wantedCount(service, tasks)
  // A job's task is wanted complete: while it runs it is not done.
  const running = tasks.filter((task) => task.state === 'running' && task.desired === 'running')
  const done = isOneShot(service) ? tasks.filter((task) => task.state === 'complete') : []
  if (running.length + distinctSlots(done, running) < wanted) {
    return `${service.service}: ${running.length}/${wanted} running${latest(snapshot, tasks)}`
  }
  const unsteady = running.find((task) => task.inStateMs < holdFor(snapshot, service, task))
  if (unsteady)
    return `${service.service}: runs, and must hold for ${Math.round(holdFor(snapshot, service, unsteady) / 1000)} s`
  const hasOldTask = running.some((task) => task.templateHash !== service.templateHash)
  return hasOldTask && snapshot.waitedMs < STEADY_MS ? `${service.service}: the engine may yet replace its tasks` : null
}

/** A global service wants as many as the engine made; none yet counts as one. */
function wantedCount(service: ServiceState, tasks: readonly ObservedTask[]): number {
  if (service.replicas !== null) return service.replicas
  return Math.max(1, new Set(tasks.filter((task) => task.desired !== 'shutdown').map((task) => task.nodeId)).size)
}

function distinctSlots(done: readonly ObservedTask[], running: readonly ObservedTask[]): number {
  const busy = new Set(running.map(slotOf))
  return new Set(done.map(slotOf).filter((slot) => !busy.has(slot))).size
}

/** How long a task must have run before it counts, in ms. */
function holdFor(snapshot: StackSnapshot, service: ServiceState, task: ObservedTask): number {
  const container = task.containerId === null ? undefined : snapshot.containers.get(task.containerId)
  if (container?.health?.status === 'healthy') return 0
  if (service.restartCondition === 'none' && isOneShot(service)) return RUNS_ONCE_MS
  const startedInMs = Date.parse(task.since) - Date.parse(task.createdAt)
  return Math.min(SLOWEST_MS, Math.max(STEADY_MS, startedInMs))
}

function latest(snapshot: StackSnapshot, tasks: readonly ObservedTask[]): string {
  const task = tasks.at(-1)
  if (!task) return ', no task yet'
  const health = task.containerId === null ? null : snapshot.containers.get(task.containerId)?.health
  const probes =
    health && task.state === 'starting' ? `, health check ${health.status} (${health.failingStreak} failed)` : ''
  const ends = tasks.filter(isTerminal).length
  return ` (${task.state}${task.error ? `: ${task.error}` : ''}${probes}${ends > 0 ? `; ${ends} ended before` : ''})`
}

function converged(snapshot: StackSnapshot): ConvergedStack {
  const services = expectedServices(snapshot)
  return {
    services,
    tasks: services.flatMap((service) => evidenceTasks(snapshot, service)),
    updates: services.map((service) => ({ service: service.service, state: updateState(snapshot, service) })),
  }
}

function evidenceTasks(snapshot: StackSnapshot, service: ServiceState): ConvergedStack['tasks'] {
  const tasks = currentTasks(snapshot, service)
  const running = tasks.filter((task) => task.state === 'running' && task.desired === 'running')
  const last = tasks.filter((task) => task.state === 'complete').at(-1)
  const shown = running.length > 0 || !last ? running : [last]
  return shown.map(({ id, state }) => ({ service: service.service, id, state }))
}

function updateState(snapshot: StackSnapshot, service: ServiceState): ConvergedStack['updates'][number]['state'] {
  const before = snapshot.expected.get(service.service)?.before
  if (!before) return 'created'
  const state = service.update?.state
  return state === 'completed' || state === 'paused' ? state : 'none'
}

function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}
