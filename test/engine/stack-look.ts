import type { ObservedTask, StackSnapshot } from '../../src/engine/convergence/snapshot.ts'
import type { ContainerState, ServiceState } from '../../src/engine/types.ts'

/** A replicated service with one replica, nothing else asked for. */
export const SERVICE: ServiceState = {
  id: 'app',
  name: 's_app',
  service: 'app',
  version: 1,
  image: 'i',
  labels: {},
  mode: 'replicated',
  replicas: 1,
  restartCondition: 'any',
  restartMaxAttempts: null,
  update: null,
  updateOrder: 'stop-first',
  failureAction: 'pause',
  hasHealthcheck: false,
  startPeriodMs: 0,
  specHash: 'new',
  templateHash: 'new',
  unplacedHash: 'new',
  jobRound: null,
  endpointHash: 'e',
  endpointMode: 'vip',
  ports: [],
  taskTemplate: {},
}

/** Its task, which has run for 20 s. */
export const TASK: ObservedTask = {
  id: 't1',
  serviceId: 'app',
  slot: 1,
  nodeId: 'node1',
  state: 'running',
  desired: 'running',
  message: '',
  error: '',
  containerId: null,
  exitCode: null,
  createdAt: '2026-01-01T00:00:10.000Z',
  since: '2026-01-01T00:00:11.000Z',
  image: 'i',
  specHash: 'new',
  templateHash: 'new',
  unplacedHash: 'new',
  jobRound: null,
  inStateMs: 20_000,
  quietMs: null,
}

/** When it was looked at: its task has run for 20 s. */
export const NOW = Date.parse('2026-01-01T00:00:31.000Z')

/** The spec before the one that is wanted. */
export const OLD = { templateHash: 'old', unplacedHash: 'old' }

/** A task that ended with `code` at this second, one second after its start. */
export function ended(second: number, code = 1): Partial<ObservedTask> {
  return {
    state: code === 0 ? 'complete' : 'failed',
    desired: 'shutdown',
    exitCode: code,
    createdAt: at(second),
    since: at(second + 1),
  }
}

/** A moment in seconds since the stack was deployed, as the engine writes it. */
export function at(second: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
}

/** A container of this id whose health is so. */
export function health(id: string, status: string, failingStreak = 0): ContainerState {
  return { ...CONTAINER, id, health: { status, failingStreak, log: [] } }
}

export const CONTAINER: ContainerState = {
  id: 'c',
  name: 'c',
  labels: {},
  imageId: 'i',
  state: 'running',
  exitCode: null,
  oomKilled: false,
  startedAt: null,
  finishedAt: null,
  health: null,
  mounts: [],
  addresses: {},
}

export interface Look {
  readonly service?: Partial<ServiceState>
  /** Oldest first. */
  readonly tasks?: readonly Partial<ObservedTask>[]
  /** Another service, `db`. */
  readonly db?: Partial<ServiceState>
  readonly dbTasks?: readonly Partial<ObservedTask>[]
  readonly containers?: readonly ContainerState[]
  /** The service as it was before the update. */
  readonly before?: Partial<ServiceState>
  readonly expected?: readonly string[]
  readonly waitedMs?: number
}

/** What one look at a stack saw. */
export function seen(look: Look): StackSnapshot {
  const { service = {}, tasks = [], db, dbTasks = [], containers = [], before, waitedMs = 30_000 } = look
  const services = [{ ...SERVICE, ...service }, ...(db ? [{ ...SERVICE, id: 'db', service: 'db', ...db }] : [])]
  const names = look.expected ?? services.map((one) => one.service)
  return {
    services,
    tasks: [
      ...tasks.map((task, index) => ({ ...TASK, id: `t${index}`, ...task })),
      ...dbTasks.map((task, index) => ({ ...TASK, id: `d${index}`, serviceId: 'db', ...task })),
    ],
    containers: new Map(containers.map((container) => [container.id, container])),
    expected: new Map(names.map((name) => [name, { before: before ? { ...SERVICE, ...before } : null }])),
    at: NOW,
    waitedMs,
  }
}
