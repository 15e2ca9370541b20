import { expect, test } from 'vitest'
import type { ObservedTask, StackSnapshot } from '../../../src/engine/convergence/snapshot.ts'
import type { ContainerState, ServiceState } from '../../../src/engine/types.ts'
import { second } from './lives.ts'
import { watching } from './watching.ts'

/** What the engine tells otherwise of its services, tasks and containers, each of them. */
interface Otherwise {
  readonly service?: Partial<ServiceState>
  readonly task?: Partial<ObservedTask>
  readonly container?: Partial<ContainerState>
}

function otherwise({ service, task, container }: Otherwise) {
  return (seen: StackSnapshot): StackSnapshot => ({
    ...seen,
    services: seen.services.map((one) => ({ ...one, ...service })),
    tasks: seen.tasks.map((one) => ({ ...one, ...task })),
    containers: new Map([...seen.containers].map(([id, one]) => [id, { ...one, ...container }])),
  })
}

const health = (status: string) => ({ health: { status, failingStreak: 0, log: [] } })

/** The second of the last sign, after looks at 10, and at 12 and 13 when all is as `later`. Programs are at rest but for the first look. */
async function lastSign(later: Otherwise, first: Otherwise = {}): Promise<number | null> {
  const { watch, at, tell } = watching({ app: [{ from: 0 }] })
  tell(otherwise(first))
  // From the first question on all programs are measured.
  watch.lastAt()
  await at(10)
  tell(otherwise({ ...first, ...later }))
  await at(12)
  await at(13)
  const sign = watch.lastAt()
  watch.close()
  return sign === null ? null : (sign - second(0)) / 1000
}

test.each<[string, Otherwise, Otherwise, number]>([
  ['nothing', {}, {}, 10],
  ['the spec of a service', { service: { version: 2 } }, {}, 12],
  ['the id of a service', { service: { id: 'again' } }, {}, 12],
  ['the state of a task', { task: { state: 'failed' } }, {}, 12],
  ['that a task is to end', { task: { desired: 'shutdown' } }, {}, 12],
  ['the health of a container', { container: health('healthy') }, { container: health('starting') }, 12],
  ['how long its health check says the same', { container: health('starting') }, { container: health('starting') }, 10],
  ['a program that starts, all the time', { task: { state: 'starting' } }, { task: { state: 'starting' } }, 13],
  [
    'a start that is to end, once',
    { task: { state: 'starting', desired: 'shutdown' } },
    { task: { state: 'starting', desired: 'shutdown' } },
    10,
  ],
  ['a program that has ended, once', { task: { state: 'complete' } }, { task: { state: 'complete' } }, 10],
])('what is a sign of work: %s', async (_, later, first, sign) => {
  expect(await lastSign(later, first)).toBe(sign)
})

test('one program that starts is enough beside others that run', async () => {
  const { watch, at, tell } = watching({ app: [{ from: 0 }], db: [{ from: 0 }] })
  tell((seen) => ({
    ...seen,
    tasks: seen.tasks.map((task) => (task.serviceId === 'db' ? { ...task, state: 'starting' } : task)),
  }))
  await at(10)
  await at(12)
  expect(watch.lastAt()).toBe(second(12))
  watch.close()
})

test('work in a container counts also where no state changes', async () => {
  const { watch, at, uses } = watching({ app: [{ from: 0 }] })
  await at(10)
  uses(5000)
  await at(20)
  await at(22)
  expect(watch.lastAt()).toBe(second(20))
  watch.close()
})

test('where nobody can measure it is not known, whatever state changed', async () => {
  const { watch, at, uses } = watching({ app: [{ from: 0 }] })
  uses(null)
  await at(10)
  expect(watch.lastAt()).toBeNull()
  watch.close()
})
