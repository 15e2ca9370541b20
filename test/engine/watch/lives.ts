import type { ObservedTask, StackSnapshot } from '../../../src/engine/convergence/snapshot.ts'
import type { ServiceState } from '../../../src/engine/types.ts'
import type { Intervention } from '../../../src/engine/watch/interventions.ts'
import { at, CONTAINER, SERVICE, TASK } from '../stack-look.ts'

/** A program's life in seconds since the deployment; without an end it still runs. */
export interface Life {
  readonly from: number
  readonly to?: number
  /** Default 9. */
  readonly code?: number
  readonly error?: string
  readonly oom?: boolean
  readonly failingProbes?: number
  /** Made from the spec of the release before. */
  readonly old?: boolean
  /** It ended because the engine was told so. */
  readonly reported?: boolean
}

export const second = (seconds: number) => Date.parse(at(seconds))

/** What a look at second `now` sees of services that lived so; `app` first. */
export function lived(
  now: number,
  lives: Readonly<Record<string, readonly Life[]>>,
  specs: Readonly<Record<string, Partial<ServiceState>>> = {},
): StackSnapshot {
  const services = Object.keys(lives).map((name) => ({ ...SERVICE, id: name, service: name, ...specs[name] }))
  const containers = new Map<string, typeof CONTAINER>()
  const tasks = Object.entries(lives).flatMap(([name, mine]) =>
    mine.map((life, index) => {
      const id = `${name}${index}`
      containers.set(`c-${id}`, {
        ...CONTAINER,
        id: `c-${id}`,
        state: life.to === undefined ? 'running' : 'exited',
        startedAt: at(life.from),
        finishedAt: life.to === undefined ? null : at(life.to),
        oomKilled: life.oom === true,
        exitCode: life.to === undefined ? null : (life.code ?? 9),
        health:
          life.failingProbes === undefined ? null : { status: 'unhealthy', failingStreak: life.failingProbes, log: [] },
      })
      return taskOf(name, id, life, now)
    }),
  )
  return {
    services,
    tasks,
    containers,
    expected: new Map(Object.keys(lives).map((name) => [name, { before: null }])),
    at: second(now),
    waitedMs: now * 1000,
  }
}

function taskOf(name: string, id: string, life: Life, now: number): ObservedTask {
  const { from, to, code = 9, error = '', old, reported } = life
  const spec = old ? { templateHash: 'old', unplacedHash: 'old' } : {}
  const task = { ...TASK, ...spec, id, serviceId: name, containerId: `c-${id}`, createdAt: at(from) }
  if (to === undefined) return { ...task, since: at(from), inStateMs: (now - from) * 1000, ranMs: (now - from) * 1000 }
  const state = reported ? 'shutdown' : code === 0 ? 'complete' : 'failed'
  const ran = { inStateMs: (now - to) * 1000, ranMs: (to - from) * 1000 }
  return { ...task, ...ran, state, desired: 'shutdown', since: at(to), exitCode: code, error }
}

export function span(
  kind: Intervention['kind'],
  from: number,
  to: number | null,
  services: Intervention['services'] = 'all',
): Intervention {
  return { kind, services, from: second(from), to: to === null ? null : second(to) }
}
