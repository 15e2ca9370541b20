import type { ServiceState } from '../types.ts'
import {
  currentTasks,
  type Diagnosis,
  isCurrent,
  isReleasing,
  isTerminal,
  type ObservedTask,
  type StackSnapshot,
} from './snapshot.ts'

/**
 * So long after the last of this stack left, what a scheduler could not find it will not find. The rest is the engine's own slowness: it looks
 * again only when it has heard that the old task ended, however long the new one has been waiting by then.
 */
const NO_NODE_MS = 3_000
/** A global service has its tasks within a second of its creation. */
const NO_TASK_MS = 5_000
/** A task that gets no network address stays `new`, and the engine tells nobody why. */
const STAYS_NEW_MS = 10_000

/** No task that ends will change these: what the node is, not what it has left. */
const FINAL = /constraints not satisfied|unsupported platform|missing plugin/i
/** Each of these may pass when something leaves. */
const MAY_PASS = /insufficient resources|port already in use|max replicas|not available for new tasks/i

/** A task that the engine gives no node or no address, or a global service that it makes no task for. */
export function stuckTask(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  return withoutNode(snapshot, service) ?? withoutAddress(snapshot, service) ?? nowhereWanted(snapshot, service)
}

function withoutNode(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const stuck = currentTasks(snapshot, service).find((task) => task.state === 'pending' && isRefused(snapshot, task))
  if (!stuck) return null
  const found = { service: service.service, tasks: [stuck], message: `${service.service}: ${stuck.error}` }
  // "unsupported platform" is another matter.
  if (!/\bport\b/i.test(stuck.error)) return { ...found, code: 'no-suitable-node' }
  const own = snapshot.tasks.some(
    (task) =>
      task.serviceId === service.id && !isTerminal(task) && task.containerId !== null && !isCurrent(task, service),
  )
  if (!own) return { ...found, code: 'port-in-use' }
  return {
    ...found,
    code: 'port-in-use',
    blame: 'recipe',
    message: `${found.message}; its own old task holds the port until the new one runs`,
    hint: 'An update with `order: start-first` cannot work for a service that binds a port of the host: use `stop-first`.',
  }
}

function isRefused(snapshot: StackSnapshot, task: ObservedTask): boolean {
  if (task.error === '') return false
  if (FINAL.test(task.error) && !MAY_PASS.test(task.error)) return true
  return task.inStateMs >= NO_NODE_MS && !isReleasing(snapshot, NO_NODE_MS)
}

function withoutAddress(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  const nameless = currentTasks(snapshot, service).find(
    (task) => task.state === 'new' && task.inStateMs >= STAYS_NEW_MS && !isReleasing(snapshot, STAYS_NEW_MS),
  )
  if (!nameless) return null
  const seconds = Math.round(nameless.inStateMs / 1000)
  const message = `a task of ${service.service} got no network address for ${seconds} s`
  return { code: 'address-pool-exhausted', service: service.service, tasks: [nameless], message }
}

function nowhereWanted(snapshot: StackSnapshot, service: ServiceState): Diagnosis | null {
  if (!service.mode.startsWith('global') || snapshot.waitedMs < NO_TASK_MS) return null
  if (snapshot.tasks.some((task) => task.serviceId === service.id && (isCurrent(task, service) || !isTerminal(task))))
    return null
  const message = `${service.service}: the engine made no task of this global service, because no node meets its placement`
  return { code: 'no-suitable-node', service: service.service, tasks: [], message }
}
