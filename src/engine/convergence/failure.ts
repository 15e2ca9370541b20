import type { ServiceState } from '../types.ts'
import { currentTasks, type Diagnosis, hasEnded, type SeenTask, type Snapshot } from './snapshot.ts'

/** The same end this often is a loop, when all other services were up meanwhile. */
const LOOP_ENDS = 3
/** So many are one whatever the others do. */
const LOOP_ENDS_ANYWAY = 6
/** A scheduler that finds no node may find one once an old task is gone; after this it will not. */
const NO_NODE_MS = 10_000
/** A task that gets no network address stays `new`, and the engine tells nobody why. */
const STAYS_NEW_MS = 20_000
/** Between the end of a task and the record of its successor. */
const SUCCESSOR_MS = 2_000

/**
 * The decisive sign that a service will not come up, or null while there is hope. Ends of tasks are counted only since all services
 * outside a loop of their own are up: an app that ends until its database answers is normal on a Swarm.
 */
export function failureOf(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const update = updateFailure(snapshot, service)
  // Nothing of it is wanted: what its earlier tasks came to is history.
  if (update || service.replicas === 0) return update
  return (
    stuckTask(snapshot, service) ??
    rejected(snapshot, service) ??
    outOfMemory(snapshot, service) ??
    unhealthy(snapshot, service) ??
    oneShotFailed(snapshot, service) ??
    crashLoop(snapshot, service) ??
    stranded(snapshot, service)
  )
}

function updateFailure(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const state = service.update?.state ?? ''
  if (state !== 'paused' && !state.startsWith('rollback')) return null
  const failed = snapshot.tasks.filter((task) => task.serviceId === service.id && isFailure(task))
  const first = failed.find((task) => task.templateHash !== service.templateHash) ?? failed.at(-1)
  const why = first ? `: a new task ${howItEnded(snapshot, first)}` : ''
  return state === 'paused'
    ? {
        code: 'update-paused',
        service: service.service,
        tasks: failed,
        message: `the update of ${service.service} is paused${why}`,
      }
    : {
        code: 'rolled-back',
        service: service.service,
        tasks: failed,
        message: `the engine rolled ${service.service} back (${state})${why}`,
      }
}

function stuckTask(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const tasks = currentTasks(snapshot, service)
  const leaving = snapshot.tasks.some(
    (task) => task.serviceId === service.id && task.desired === 'shutdown' && !hasEnded(task),
  )
  const stuck = tasks.find(
    (task) => task.state === 'pending' && task.inStateMs >= NO_NODE_MS && task.error !== '' && !leaving,
  )
  if (stuck) {
    const code = /port/i.test(stuck.error) ? 'port-in-use' : 'no-suitable-node'
    return { code, service: service.service, tasks: [stuck], message: `${service.service}: ${stuck.error}` }
  }
  const nameless = tasks.find((task) => task.state === 'new' && task.inStateMs >= STAYS_NEW_MS)
  if (!nameless) return null
  return {
    code: 'address-pool-exhausted',
    service: service.service,
    tasks: [nameless],
    message: `a task of ${service.service} got no network address for ${Math.round(nameless.inStateMs / 1000)} s`,
  }
}

/** The engine tells the reasons apart by text only. */
const REJECTIONS = [
  { sign: /no such image|manifest unknown|pull access denied|not found: manifest/i, code: 'image-unpullable' },
  { sign: /ip addresses|available ip|address pool|address space|overlapping/i, code: 'address-pool-exhausted' },
  { sign: /port is already allocated|address already in use|port already in use/i, code: 'port-in-use' },
  { sign: /no space left/i, code: 'disk-full' },
] as const

function rejected(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const tasks = currentTasks(snapshot, service).filter((task) => task.state === 'rejected' || failedToStart(task))
  const last = tasks.at(-1)
  if (!last) return null
  const code = REJECTIONS.find(({ sign }) => sign.test(last.error))?.code ?? 'task-rejected'
  if (code === 'port-in-use' && tasks.length < LOOP_ENDS) return null
  return {
    code,
    service: service.service,
    tasks,
    message: `a task of ${service.service} was not started: ${last.error}`,
  }
}

/** The runtime refuses before the program runs: no such command, a bad mount. */
function failedToStart(task: SeenTask): boolean {
  return task.state === 'failed' && /starting container failed|runc create failed|OCI runtime/i.test(task.error)
}

function outOfMemory(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const tasks = currentTasks(snapshot, service).filter(
    (task) => isFailure(task) && task.containerId !== null && snapshot.containers.get(task.containerId)?.oomKilled,
  )
  if (tasks.length === 0) return null
  return {
    code: 'oom-killed',
    service: service.service,
    tasks,
    message: `${service.service} used more memory than it may`,
  }
}

/** Twice: a first boot that initialises data may outlast its start period once, and operators never notice. */
function unhealthy(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const tasks = currentTasks(snapshot, service).filter((task) => wasUnhealthy(snapshot, service, task))
  const onceMore = service.restartCondition !== 'none' && service.restartMaxAttempts !== 0
  if (tasks.length < (onceMore ? 2 : 1)) return null
  const message = `the health check of ${service.service} failed until the engine killed its container`
  return { code: 'healthcheck-failing', service: service.service, tasks, message }
}

/**
 * The engine names it in the task's error only when the program then ended with a code other than 0. The status of an ended container is
 * `unhealthy` in any case: the number of failed probes tells.
 */
function wasUnhealthy(snapshot: Snapshot, service: ServiceState, task: SeenTask): boolean {
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

function oneShotFailed(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const isJob = service.mode.endsWith('job')
  if (service.restartCondition !== 'none' && !isJob) return null
  const failed = currentTasks(snapshot, service).filter(isFailure)
  const last = failed.at(-1)
  if (!last || (isJob && failed.length < LOOP_ENDS)) return null
  return {
    code: 'one-shot-failed',
    service: service.service,
    tasks: failed,
    message: `${service.service} ${howItEnded(snapshot, last)} and will not be started again`,
  }
}

function crashLoop(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const ends = loopEnds(snapshot, service)
  const last = ends.at(-1)
  if (!last || ends.length < LOOP_ENDS) return null
  if (ends.length < LOOP_ENDS_ANYWAY && endsSinceOthersAreUp(snapshot, service, ends) < LOOP_ENDS) return null
  const message = `${service.service} ended ${ends.length} times: it ${howItEnded(snapshot, last)}`
  return { code: 'crash-loop', service: service.service, tasks: ends, message }
}

/** The last ends in a row with the same sign: state, exit code and error. */
function loopEnds(snapshot: Snapshot, service: ServiceState): readonly SeenTask[] {
  const ends = currentTasks(snapshot, service).filter((task) => endedByItself(task, service))
  const last = ends.at(-1)
  return last ? ends.filter((task) => signOf(task) === signOf(last)) : []
}

function endsSinceOthersAreUp(snapshot: Snapshot, service: ServiceState, ends: readonly SeenTask[]): number {
  const others = snapshot.services.filter((other) => other.id !== service.id && loopEnds(snapshot, other).length === 0)
  const upSince = others.map((other) => upAt(snapshot, other))
  if (upSince.includes(null)) return 0
  const latest = Math.max(0, ...upSince.map(Number))
  return ends.filter((task) => Date.parse(task.createdAt) >= latest || Date.parse(task.since) >= latest + 1000).length
}

/** When the service was up, as far as another could wait for it: 0 for services that run nothing, null when it is not up yet. */
function upAt(snapshot: Snapshot, service: ServiceState): number | null {
  if (service.replicas === 0) return 0
  const tasks = currentTasks(snapshot, service).filter((task) => task.state === 'running' || task.state === 'complete')
  const last = tasks.at(-1)
  return last ? Date.parse(last.since) : null
}

/** Ended with no successor to come: attempts used up, or a server that ended with 0 under `on-failure`. */
function stranded(snapshot: Snapshot, service: ServiceState): Diagnosis | null {
  const tasks = currentTasks(snapshot, service)
  const last = tasks.at(-1)
  if (service.mode !== 'replicated' || service.replicas === 0 || !last || !tasks.every(hasEnded)) return null
  if (!endedByItself(last, service) || last.inStateMs < SUCCESSOR_MS) return null
  const failures = tasks.filter(isFailure)
  const usedUp = service.restartMaxAttempts !== null && failures.length > service.restartMaxAttempts
  if (last.state === 'complete' && service.restartCondition === 'on-failure' && !mayComplete(service)) {
    const message = `${service.service} is a server, but it ended with 0 and will not be started again (restart condition on-failure)`
    return { code: 'service-stranded', service: service.service, tasks: [last], message }
  }
  if (!usedUp || !isFailure(last)) return null
  const message = `${service.service} ${howItEnded(snapshot, last)}; its ${service.restartMaxAttempts} restarts are used up`
  return { code: 'crash-loop', service: service.service, tasks: failures, message }
}

/** A service that is done when its task completes: nobody is to reach it, and it is not to be kept running. */
export function mayComplete(service: ServiceState): boolean {
  if (service.mode.endsWith('job') || service.restartCondition === 'none') return true
  return service.restartCondition === 'on-failure' && !isServer(service)
}

/** Somebody is to reach it: it is routed, publishes a port, or says by a health check whether it serves. */
export function isServer(service: ServiceState): boolean {
  return isRouted(service) || service.ports.length > 0 || service.hasHealthcheck
}

/** The proxy is to lead to it. */
export function isRouted({ labels }: ServiceState): boolean {
  return Object.keys(labels).some((key) => /^traefik\.(http|tcp|udp)\./.test(key))
}

function endedByItself(task: SeenTask, service: ServiceState): boolean {
  return isFailure(task) || (task.state === 'complete' && !mayComplete(service))
}

function isFailure(task: SeenTask): boolean {
  return task.state === 'failed' || task.state === 'rejected'
}

/** "ended with exit code 3 after 1 s", "was rejected: …". */
function howItEnded(snapshot: Snapshot, task: SeenTask): string {
  const container = task.containerId === null ? undefined : snapshot.containers.get(task.containerId)
  if (task.state === 'rejected' || failedToStart(task)) return `was not started: ${task.error}`
  if (/unhealthy/i.test(task.error)) return 'was killed because its health check failed'
  if (container?.oomKilled) return 'was killed because it used more memory than it may'
  return `ended with exit code ${task.exitCode ?? container?.exitCode ?? '?'}`
}

function signOf(task: SeenTask): string {
  return `${task.state} ${task.exitCode ?? ''} ${task.error.replace(/[0-9a-f]{12,}/g, '')}`
}
