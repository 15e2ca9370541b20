import type { Condition } from '../../lib/async/wait.ts'
import type { ServiceState } from '../types.ts'
import { isTerminal, type ObservedTask, type StackSnapshot } from './snapshot.ts'

/** Between the end of a task and the record of its successor. */
const SUCCESSOR_MS = 2_000

/**
 * Whether the engine has put another task in the place of one whose container was killed. Known at once for the restart condition `none`;
 * else when no successor came although its end is over two seconds old. That the new task holds is for `decide` to say.
 */
export function replacement(snapshot: StackSnapshot, killed: { readonly id: string }): Condition<ObservedTask, string> {
  const task = snapshot.tasks.find(({ id }) => id === killed.id)
  const service = snapshot.services.find(({ id }) => id === task?.serviceId)
  if (!task || !service) return { state: 'impossible', cause: 'its service is gone' }
  const successor = snapshot.tasks.find((other) => follows(other, task))
  if (successor && isTerminal(task)) return { state: 'ready', value: successor }
  if (!isTerminal(task))
    return { state: 'waiting', reason: `${service.service}: its killed task is still ${task.state}` }
  if (service.restartCondition === 'none' || task.inStateMs >= SUCCESSOR_MS) {
    return { state: 'impossible', cause: `the engine starts no other task: ${policyOf(service)}` }
  }
  return { state: 'waiting', reason: `${service.service}: no new task yet` }
}

function follows(other: ObservedTask, task: ObservedTask): boolean {
  const samePlace = task.slot === null ? other.nodeId === task.nodeId : other.slot === task.slot
  return other.serviceId === task.serviceId && other.id !== task.id && other.createdAt > task.createdAt && samePlace
}

function policyOf({ restartCondition, restartMaxAttempts }: ServiceState): string {
  const most = restartMaxAttempts === null ? '' : `, at most ${restartMaxAttempts} times`
  return `its restart condition is ${restartCondition}${most}`
}
