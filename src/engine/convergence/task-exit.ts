import type { ServiceState } from '../types.ts'
import type { ObservedTask, StackSnapshot } from './snapshot.ts'

/** A service that is done when its task completes: nobody is to reach it, and it is not to be kept running. */
export function isOneShot(service: ServiceState): boolean {
  if (isJob(service)) return true
  if (isRouted(service) || service.ports.length > 0) return false
  return service.restartCondition === 'none' || (service.restartCondition === 'on-failure' && !service.hasHealthcheck)
}

/** Somebody is to reach it: it is routed, publishes a port, or says by a health check whether it serves. */
export function isServer(service: ServiceState): boolean {
  return isRouted(service) || service.ports.length > 0 || service.hasHealthcheck
}

/** The proxy is to lead to it. */
export function isRouted({ labels }: ServiceState): boolean {
  return Object.keys(labels).some((key) => /^traefik\.(http|tcp|udp)\./.test(key))
}

export function isJob({ mode }: ServiceState): boolean {
  return mode.endsWith('job')
}

export function endedByItself(task: ObservedTask, service: ServiceState): boolean {
  return isFailure(task) || (task.state === 'complete' && !isOneShot(service))
}

export function isFailure(task: ObservedTask): boolean {
  return task.state === 'failed' || task.state === 'rejected'
}

/** Its program never ran: the engine or the runtime refused before (no such image, a bad mount, no such command, a port in use). */
export function wasRefused(task: ObservedTask): boolean {
  return task.state === 'rejected' || failedToStart(task)
}

function failedToStart(task: ObservedTask): boolean {
  return task.state === 'failed' && /starting container failed|runc create failed|OCI runtime/i.test(task.error)
}

/** "ended with exit code 3", "was not started: …". */
export function exitReason(snapshot: StackSnapshot, task: ObservedTask): string {
  const container = task.containerId === null ? undefined : snapshot.containers.get(task.containerId)
  if (wasRefused(task)) return `was not started: ${task.error}`
  const service = snapshot.services.find(({ id }) => id === task.serviceId)
  if (service && wasUnhealthy(snapshot, service, task)) return 'was killed because its health check failed'
  if (container?.oomKilled) return 'was killed because it used more memory than it may'
  return `ended with exit code ${task.exitCode ?? container?.exitCode ?? '?'}`
}

/** Equal for ends of the same kind: state, exit code, and error without ids. */
export function exitSignOf(task: ObservedTask): string {
  return `${task.state} ${task.exitCode ?? ''} ${task.error.replace(/[0-9a-f]{12,}/g, '')}`
}

/** The kernel killed its program for the memory that it used. */
export function isOutOfMemory(snapshot: StackSnapshot, task: ObservedTask): boolean {
  return isFailure(task) && task.containerId !== null && snapshot.containers.get(task.containerId)?.oomKilled === true
}

/**
 * The engine names it in the task's error only when the program then ended with a code other than 0. The status of an ended container is
 * `unhealthy` in any case: the number of failed probes tells.
 */
export function wasUnhealthy(snapshot: StackSnapshot, service: ServiceState, task: ObservedTask): boolean {
  if (task.state !== 'failed' && task.state !== 'complete') return false
  if (/unhealthy/i.test(task.error)) return true
  const health = task.containerId === null ? null : snapshot.containers.get(task.containerId)?.health
  return health ? health.failingStreak >= probesAllowed(service) : false
}

const ENGINE_RETRIES = 3

function probesAllowed(service: ServiceState): number {
  const template = service.taskTemplate as { ContainerSpec?: { Healthcheck?: { Retries?: number } | null } }
  return template.ContainerSpec?.Healthcheck?.Retries || ENGINE_RETRIES
}
