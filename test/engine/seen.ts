import { decideConvergence } from '../../src/engine/convergence/decide.ts'
import type { ObservedTask, StackSnapshot } from '../../src/engine/convergence/snapshot.ts'
import type { ContainerState, ServiceState } from '../../src/engine/types.ts'
import { at, CONTAINER, NOW, SERVICE, TASK } from './stack-look.ts'

/** A service `name` with the id `name-id`. One that runs forever, once, without a health check, unless said otherwise. */
export function service(name: string, more: Partial<ServiceState> = {}): ServiceState {
  const unplacedHash = more.templateHash ?? SERVICE.unplacedHash
  return { ...SERVICE, unplacedHash, id: `${name}-id`, name: `s_${name}`, service: name, ...more }
}

/** A task of the service `name`; runs well since 20 s unless said otherwise. */
export function task(name: string, more: Partial<ObservedTask> = {}): ObservedTask {
  const unplacedHash = more.templateHash ?? TASK.unplacedHash
  return { ...TASK, unplacedHash, id: `${name}-task`, serviceId: `${name}-id`, ...more }
}

/** A task of `name` that ran from `second` on for a second and failed. */
export function failed(name: string, second: number, more: Partial<ObservedTask> = {}): ObservedTask {
  const ended = {
    state: 'failed',
    desired: 'shutdown',
    exitCode: 1,
    createdAt: at(second),
    since: at(second + 1),
  } as const
  return task(name, { id: `${name}-${second}`, ...ended, ...more })
}

export function container(id: string, more: Partial<ContainerState> = {}): ContainerState {
  return { ...CONTAINER, id, ...more }
}

/** What a look saw. All services are new ones unless `before` says how they were. */
export function snapshot(seen: {
  readonly services?: readonly ServiceState[]
  readonly tasks?: readonly ObservedTask[]
  readonly containers?: readonly ContainerState[]
  readonly before?: readonly ServiceState[]
  /** Default: a minute. */
  readonly waitedMs?: number
}): StackSnapshot {
  const { services = [service('app')], tasks = [], containers = [], before = [], waitedMs = 60_000 } = seen
  const was = (name: string) => before.find(({ service }) => service === name) ?? null
  return {
    services,
    tasks,
    containers: new Map(containers.map((one) => [one.id, one])),
    expected: new Map(services.map(({ service: name }) => [name, { before: was(name) }])),
    at: NOW,
    waitedMs,
  }
}

/** "ready", "waiting: …" or "crash-loop of app: …": what is decided on a look. */
export function decided(seen: Parameters<typeof snapshot>[0]): string {
  const found = decideConvergence(snapshot(seen))
  if (found.state === 'ready') return 'ready'
  if (found.state === 'waiting') return `waiting: ${found.reason}`
  return `${found.cause.code} of ${found.cause.service}: ${found.cause.message}`
}
