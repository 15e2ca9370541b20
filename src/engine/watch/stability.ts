import { memoryLimitReached } from '../convergence/out-of-memory.ts'
import {
  currentTasks,
  type Diagnosis,
  expectedServices,
  type ObservedTask,
  type StackSnapshot,
} from '../convergence/snapshot.ts'
import { exitReason, isOneShot, isOutOfMemory, wasUnhealthy } from '../convergence/task-exit.ts'
import type { ServiceState } from '../types.ts'
import { type Exit, isSameAge } from './exits.ts'

/** A second end after the app had come up is a failure; one alone must be outlived, within these bounds. */
const ENDS = 2
const OUTLIVE_TIMES = 2
const OUTLIVE_LEAST_MS = 10_000
const OUTLIVE_MOST_MS = 60_000

/**
 * So long each service of a version must have run without a break, in ms. `first`: before the tier that deployed it may pass, so that a program which
 * ends a few seconds after it came up fails there and not in whatever tier comes next. `whole`: once in a run that passes, because one that ends
 * after 40 s looks well in a run that disturbs it every 20 s. Time that other tiers take counts.
 */
export const LIFE_MS = { first: 10_000, whole: 45_000 } as const

/** What the ends of programs say. */
export interface Stability {
  /** The service that ended twice, or once where `unforgiven`. */
  readonly failure: Diagnosis | null
  /** Services that ended once and have not outlived the age at which they did. */
  readonly unproven: readonly UnprovenService[]
}

export interface UnprovenService {
  readonly service: string
  /** How long it must still run, in ms. */
  readonly leftMs: number
  readonly message: string
}

/**
 * THE rule of unexpected ends. Of one spec two are a failure; so are two at the same age with the same sign, whatever the release and whatever was
 * going on at the second: that a restore happened beside it does not explain a habit. One end alone is forgiven once the program has outlived
 * that age. `unforgiven`: services that ended in an earlier attempt of this run, whose first end is one too many.
 */
export function judgeExits(
  snapshot: StackSnapshot,
  exits: readonly Exit[],
  unforgiven: ReadonlySet<string> = new Set(),
): Stability {
  const services = expectedServices(snapshot).map((service) => ({ service, counted: countedOf(exits, service) }))
  const failed = services.find(
    ({ service, counted }) => counted.length >= ENDS || (counted.length > 0 && unforgiven.has(service.service)),
  )
  return {
    failure: failed ? diagnosis(snapshot, failed.service, failed.counted) : null,
    unproven: services.flatMap(({ service, counted: [only] }) => (only ? unprovenOf(snapshot, service, only) : [])),
  }
}

/** The ends that count against a service. */
export function countedOf(exits: readonly Exit[], { service }: Pick<ServiceState, 'service'>): Exit[] {
  const mine = exits.filter((exit) => exit.service === service && exit.why !== 'own')
  const unexpected = mine.filter(({ why }) => why === 'unexpected')
  return mine.filter((exit) => {
    if (exit.why === 'unexpected' && exit.current) return true
    return unexpected.some((other) => (other.current || exit.current) && isSameAge(exit, other))
  })
}

function diagnosis(snapshot: StackSnapshot, service: ServiceState, counted: readonly Exit[]): Diagnosis {
  const tasks = counted.map(({ task }) => task)
  const last = counted.at(-1) as Exit
  const habit = counted.length >= ENDS && counted.every((exit) => isSameAge(exit, last))
  const often = counted.length === 1 ? 'again' : `${counted.length} times`
  const age = habit ? `, each time after about ${seconds(last.ageMs)} s` : ''
  const message = `${service.service} ended ${often} after it had come up: it ${exitReason(snapshot, last.task)}${age}`
  // Ends that differ are no repetition of their own before the third.
  const deterministic = habit || counted.length > ENDS
  const found = { service: service.service, tasks, deterministic }
  if (!isOutOfMemory(snapshot, last.task)) return { ...found, code: codeOf(snapshot, service, last), message }
  const { message: limit, ...why } = memoryLimitReached(service)
  return { ...found, ...why, message: why.code === 'run-memory' ? `${message}: ${limit}` : message }
}

function codeOf(snapshot: StackSnapshot, service: ServiceState, { task }: Exit): Diagnosis['code'] {
  return wasUnhealthy(snapshot, service, task) ? 'healthcheck-failing' : 'crash-loop'
}

function unprovenOf(snapshot: StackSnapshot, service: ServiceState, exit: Exit): UnprovenService[] {
  const least = Math.min(OUTLIVE_MOST_MS, Math.max(OUTLIVE_LEAST_MS, OUTLIVE_TIMES * exit.ageMs))
  const since = snapshot.tasks.filter((task) => task.createdAt > exit.task.createdAt)
  const leftMs = leftOf(least, { ...snapshot, tasks: since }, service)
  if (leftMs <= 0) return []
  const message = `${service.service} ended after ${seconds(exit.ageMs)} s and must now run for ${seconds(least)} s`
  return [{ service: service.service, leftMs, message }]
}

/** Services of the version under test that have not yet run for so long, in ms, without a break. One-shots that are done need not. */
export function unprovenServices(snapshot: StackSnapshot, leastMs: number): UnprovenService[] {
  return expectedServices(snapshot).flatMap((service) => {
    if (service.replicas === 0 || service.mode.endsWith('job')) return []
    const done = isOneShot(service) && currentTasks(snapshot, service).at(-1)?.state === 'complete'
    const leftMs = leftOf(leastMs, snapshot, service)
    if (done || leftMs <= 0) return []
    const message = `${service.service} must have run for ${seconds(leastMs)} s without a break`
    return [{ service: service.service, leftMs, message }]
  })
}

/** How long the service must still run until one task of its current spec has run for `least` ms; 0 where one has, also before it ended. */
function leftOf(least: number, snapshot: StackSnapshot, service: ServiceState): number {
  const tasks = currentTasks(snapshot, service)
  if (tasks.some(({ ranMs = 0 }) => ranMs >= least)) return 0
  const running = tasks.findLast(({ state }) => state === 'running')
  return least - (running?.ranMs ?? 0)
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

/** For a person: what happened, end by end of those that count. */
export function exitFindings(
  snapshot: StackSnapshot,
  exits: readonly Exit[],
): { readonly service: string; readonly task: ObservedTask; readonly message: string }[] {
  return expectedServices(snapshot).flatMap((service) =>
    countedOf(exits, service).map(({ task, ageMs }) => ({
      service: service.service,
      task,
      message: `${service.service} ended after it had come up and was replaced: it ${exitReason(snapshot, task)}, after ${seconds(ageMs)} s`,
    })),
  )
}
