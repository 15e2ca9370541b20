import { type Blame, CAUSES } from '../../verdict/causes.ts'
import type { ServiceState } from '../types.ts'
import { hintOf, outgoingPort } from './outgoing-port.ts'
import {
  currentTasks,
  type Diagnosis,
  expectedServices,
  type ObservedTask,
  type StackSnapshot,
  slotOf,
} from './snapshot.ts'
import { isFailure, wasRefused } from './task-exit.ts'

interface Reason {
  readonly code: 'image-unpullable' | 'address-pool-exhausted' | 'port-in-use' | 'disk-full' | 'task-rejected'
  /** Another attempt ends in the same way. */
  readonly certain: boolean
  /** Default: the blame of the code. */
  readonly blame?: Blame
}

/** The engine tells the reasons apart by text only. */
const REJECTIONS: readonly (Reason & { readonly sign: RegExp })[] = [
  {
    sign: /no such image|manifest unknown|pull access denied|not found: manifest/i,
    code: 'image-unpullable',
    certain: true,
  },
  {
    sign: /ip addresses|available ip|address pool|address space|overlapping/i,
    code: 'address-pool-exhausted',
    certain: false,
  },
  {
    sign: /port is already allocated|address already in use|port already in use/i,
    code: 'port-in-use',
    certain: false,
  },
  { sign: /no space left/i, code: 'disk-full', certain: true },
  // The engine's own trouble on a busy machine: its folder of secrets is still in use (moby/moby#48783), a network of the task is not up yet, it
  // gave up on its own preparations.
  {
    sign: /unable to remount|network sandbox join failed|context canceled/i,
    code: 'task-rejected',
    certain: false,
    blame: 'infra',
  },
  {
    sign: /exec: |exec format|invalid mount config|no such file or directory|permission denied|not a directory/i,
    code: 'task-rejected',
    certain: true,
  },
]
const OTHER: Reason = { code: 'task-rejected', certain: false }
/** An address or a port may be free at the next attempt, and an engine that is busy refuses now and then. */
const REFUSALS = 2

/**
 * A task that the engine or the runtime refused to start, and that no later one replaces. `patient`: a port that will be free within a minute is
 * waited for.
 */
export function startRefusal(snapshot: StackSnapshot, service: ServiceState, patient = true): Diagnosis | null {
  const tasks = currentTasks(snapshot, service)
  const refused = tasks.filter(wasRefused)
  const last = refused.at(-1)
  if (!last) return null
  const { code, certain, blame } = reasonOf(last)
  const inSlot = tasks.filter((task) => slotOf(task) === slotOf(last))
  const inTurn = inSlot.filter(wasRefused)
  const chance = outgoingPort(inTurn)
  const often = inTurn.length >= REFUSALS && !(patient && chance?.mayPass)
  if (!certain && isTriedAgain(service, inSlot) && (!often || inSlot.at(-1)?.state === 'running')) return null
  const message = `a task of ${service.service} was not started: ${last.error}`
  const hint = chance ? { hint: hintOf(chance.port) } : {}
  return { code, service: service.service, tasks: refused, message, ...hint, ...(blame && { blame }) }
}

/** What is still refused when the time is up. */
export function finalStartRefusal(snapshot: StackSnapshot): Diagnosis | null {
  const found = expectedServices(snapshot).map((service) => startRefusal(snapshot, service, false))
  return found.find((failure) => failure !== null) ?? null
}

/** Whose fault a refusal is. */
export function blameOfRefusal(task: ObservedTask): Blame {
  const { code, blame } = reasonOf(task)
  return blame ?? CAUSES[code].blame
}

function reasonOf({ error }: ObservedTask): Reason {
  return REJECTIONS.find(({ sign }) => sign.test(error)) ?? OTHER
}

function isTriedAgain(service: ServiceState, inSlot: readonly ObservedTask[]): boolean {
  if (service.restartCondition === 'none') return false
  return service.restartMaxAttempts === null || inSlot.filter(isFailure).length <= service.restartMaxAttempts
}
