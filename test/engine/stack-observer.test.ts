import { expect, test } from 'vitest'
import { StackObserver } from '../../src/engine/convergence/stack-observer.ts'
import type { ContainerState, ServiceState, TaskState } from '../../src/engine/types.ts'
import { container, service, task } from './seen.ts'
import { at } from './stack-look.ts'

/** What an engine says at one look; it says nothing of containers that it has not. */
interface Look {
  readonly second: number
  readonly services?: readonly ServiceState[]
  readonly tasks: readonly TaskState[]
  readonly containers?: readonly ContainerState[]
}

/** A observer that has looked, what each look gave, and the containers that it asked for, look by look. */
async function looked(looks: readonly Look[], { expects = true } = {}) {
  let now: Look = { second: 0, tasks: [] }
  const asked: string[][] = []
  const measured: string[][] = []
  const engine = {
    services: async (stack: string) => (stack === 's' ? [...(now.services ?? [service('app')])] : []),
    tasks: async (stack: string) => (stack === 's' ? [...now.tasks] : []),
    container: async (id: string) => {
      // How much is at work in it is another question about the same container.
      if (!asked.at(-1)?.includes(id)) asked.at(-1)?.push(id)
      return now.containers?.find((one) => one.id === id) ?? null
    },
    cpuMs: async (id: string) => {
      measured.at(-1)?.push(id)
      return 0
    },
    containerLogs: async () => '',
  }
  const clock = { now: () => Date.parse(at(now.second)), sleep: async () => {} }
  const names = looks.flatMap(({ services = [] }) => services.map(({ service }) => service))
  const expected = new Map(
    (expects ? ['app', ...names] : []).filter((name) => name !== 'dropped').map((name) => [name, { before: null }]),
  )
  const observer = new StackObserver(engine, 's', expected, clock)
  const before = observer.last
  const snapshots = []
  for (now of looks) {
    asked.push([])
    measured.push([])
    snapshots.push(await observer.poll())
  }
  return { observer, before, snapshots, asked, measured, expected, last: observer.last }
}

const runs = (more: Partial<TaskState> = {}) => task('app', { since: at(11), ...more })

test('before the first look nothing is known', async () => {
  const { before, observer } = await looked([])
  expect(before).toEqual({ services: [], tasks: [], containers: new Map(), expected: new Map(), at: 0, waitedMs: 0 })
  expect(observer.unready()).toBeUndefined()
})

test('a look has the services, tasks and containers of its own stack, and what was expected', async () => {
  const [tasks, containers] = [[runs({ containerId: 'c' })], [container('c')]]
  const { last, snapshots, expected } = await looked([{ second: 20, tasks, containers }])
  expect(last.services).toEqual([service('app')])
  expect(last.tasks.map(({ id }) => id)).toEqual(['app-task'])
  expect(last.containers.get('c')).toEqual(container('c'))
  expect(last.expected).toBe(expected)
  expect(snapshots.at(-1)).toBe(last)
})

test('containers are looked at of what is expected, and of all where nothing in particular is', async () => {
  const services = [service('app'), service('dropped')]
  const tasks = [runs({ containerId: 'a' }), task('dropped', { id: 't2', containerId: 'd', since: at(11) })]
  const look = { second: 20, services, tasks, containers: [container('a'), container('d')] }
  expect((await looked([look])).asked).toEqual([['a']])
  expect((await looked([look], { expects: false })).asked).toEqual([['a', 'd']])
})

test('a task of a service that is gone is nobody’s', async () => {
  const tasks = [task('gone', { containerId: 'g', since: at(11) })]
  expect((await looked([{ second: 20, tasks, containers: [container('g')] }])).asked).toEqual([[]])
})

test('a state lasts since the engine says it began, and is not started over by another look', async () => {
  const { snapshots } = await looked([
    { second: 20, tasks: [runs()] },
    { second: 25, tasks: [runs({ since: at(24) })] },
  ])
  expect(snapshots.map(({ tasks }) => tasks[0]?.inStateMs)).toEqual([9000, 14_000])
})

test('another state lasts since its own beginning', async () => {
  const { last } = await looked([
    { second: 20, tasks: [runs({ state: 'starting' })] },
    { second: 25, tasks: [runs({ since: at(22) })] },
  ])
  expect(last.tasks).toMatchObject([{ state: 'running', inStateMs: 3000 }])
})

test('another state that the engine tells late began after the last look that did not show it', async () => {
  const { last } = await looked([
    { second: 20, tasks: [runs({ state: 'starting' })] },
    { second: 25, tasks: [runs({ since: at(12) })] },
  ])
  expect(last.tasks).toMatchObject([{ state: 'running', inStateMs: 5000 }])
})

test('an engine whose clock is ahead does not put a beginning into the future', async () => {
  const { snapshots } = await looked([
    { second: 5, tasks: [runs()] },
    { second: 8, tasks: [runs()] },
  ])
  expect(snapshots.map(({ tasks }) => tasks[0]?.inStateMs)).toEqual([0, 3000])
  const { snapshots: backwards } = await looked([
    { second: 12, tasks: [runs()] },
    { second: 9, tasks: [runs()] },
  ])
  expect(backwards[1]?.tasks[0]?.inStateMs).toBe(0)
})

test('an ended task is kept when the engine forgets it; one whose end was not seen is not', async () => {
  const ended = task('app', { id: 'old', state: 'failed', exitCode: 3, createdAt: at(5) })
  const unknown = task('app', { id: 'gone', createdAt: at(6) })
  const { snapshots } = await looked([
    { second: 20, tasks: [ended, unknown] },
    { second: 21, tasks: [runs()] },
  ])
  expect(snapshots[1]?.tasks.map(({ id, exitCode }) => [id, exitCode])).toEqual([
    ['old', 3],
    ['app-task', null],
  ])
})

test('tasks come oldest first, whatever order the engine has; of the same age in its order', async () => {
  const twins = ['first', 'second'].map((id) => task('app', { id }))
  expect((await looked([{ second: 40, tasks: twins }])).last.tasks.map(({ id }) => id)).toEqual(['first', 'second'])
  const made = [30, 10, 20].map((second) => task('app', { id: `t${second}`, createdAt: at(second) }))
  expect((await looked([{ second: 40, tasks: made }])).last.tasks.map(({ id }) => id)).toEqual(['t10', 't20', 't30'])
})

test.each<[string, Partial<TaskState>, ContainerState, 'again' | 'once']>([
  ['runs and has no health check', {}, container('c'), 'once'],
  ['runs and is healthy', {}, container('c', { health: { status: 'healthy', failingStreak: 0, log: [] } }), 'once'],
  [
    'runs and is not healthy yet',
    {},
    container('c', { health: { status: 'starting', failingStreak: 0, log: [] } }),
    'again',
  ],
  ['has not started its task yet', { state: 'starting' }, container('c'), 'again'],
  ['has ended', { state: 'failed' }, container('c', { state: 'exited', finishedAt: at(12) }), 'once'],
  ['has ended, though its task is not known to', {}, container('c', { state: 'exited', finishedAt: at(12) }), 'once'],
  ['was last seen running, though its task has ended', { state: 'failed' }, container('c'), 'again'],
  ['ended and runs again', { state: 'failed' }, container('c', { finishedAt: at(12) }), 'again'],
])('a container that %s is looked at %s', async (_, state, seen, times) => {
  const look = { tasks: [runs({ containerId: 'c', ...state })], containers: [seen] }
  const { asked } = await looked([
    { second: 20, ...look },
    { second: 21, ...look },
  ])
  expect(asked).toEqual([['c'], times === 'again' ? ['c'] : []])
})

test('a task without a container asks for none, and a container on another node is asked for again', async () => {
  const { asked } = await looked([
    { second: 20, tasks: [runs()] },
    { second: 21, tasks: [runs({ containerId: 'elsewhere' })] },
    { second: 22, tasks: [runs({ containerId: 'elsewhere' })] },
  ])
  expect(asked).toEqual([[], ['elsewhere'], ['elsewhere']])
})

test('what a container was is kept when the engine has removed it, and not taken for what it became', async () => {
  const dead = container('c', { state: 'exited', exitCode: 137, oomKilled: true, finishedAt: at(21) })
  const { last } = await looked([
    { second: 20, tasks: [runs({ containerId: 'c' })], containers: [container('c')] },
    { second: 22, tasks: [runs({ containerId: 'c', state: 'failed' })], containers: [dead] },
    { second: 23, tasks: [runs({ containerId: 'c', state: 'failed' })] },
  ])
  expect(last.containers.get('c')).toEqual(dead)
  const { last: lost } = await looked([
    { second: 20, tasks: [runs({ containerId: 'c' })], containers: [container('c')] },
    { second: 22, tasks: [runs({ containerId: 'c', state: 'failed' })] },
  ])
  expect(lost.containers.get('c')).toEqual(container('c'))
})

test('the service to name is the first that runs nothing and should', async () => {
  const services = ['dropped', 'app', 'db', 'off', 'late'].map((name) =>
    service(name, name === 'off' ? { replicas: 0 } : {}),
  )
  const [app, db] = [runs(), task('db')]
  const named = async (tasks: readonly TaskState[]) =>
    (await looked([{ second: 20, services, tasks }])).observer.unready()
  expect(await named([db])).toBe('app')
  expect(await named([app])).toBe('db')
  expect(await named([app, { ...db, state: 'starting' }])).toBe('db')
  expect(await named([app, db])).toBe('late')
  expect(await named([app, db, task('late')])).toBeUndefined()
})

test('a look says how long the wait has lasted', async () => {
  const { snapshots } = await looked([
    { second: 5, tasks: [] },
    { second: 8, tasks: [] },
  ])
  expect(snapshots.map(({ waitedMs }) => waitedMs)).toEqual([5000, 8000])
})

const health = (status: string) => ({ health: { status, failingStreak: 0, log: [] } })

test.each<[string, Partial<TaskState>, Partial<ContainerState>, 'asked' | 'not asked']>([
  ['is starting', { state: 'starting' }, health('starting'), 'asked'],
  ['has just begun and has no health check', { since: at(41) }, {}, 'asked'],
  ['has run for a minute without a health check', { since: at(40) }, {}, 'not asked'],
  ['has a health check and runs', { since: at(99) }, health('healthy'), 'not asked'],
  ['is a job', { since: at(1), jobRound: 0 }, {}, 'asked'],
  ['is a job with a health check', { since: at(1), jobRound: 1 }, health('healthy'), 'asked'],
  ['has ended', { state: 'failed', since: at(99), jobRound: 0 }, { finishedAt: at(99) }, 'not asked'],
  ['is on its way', { state: 'preparing', since: at(99) }, {}, 'not asked'],
])('whether a program that %s gets on is %s', async (_, state, more, outcome) => {
  const tasks = [runs({ containerId: 'c', ...state })]
  const { measured, last } = await looked([{ second: 100, tasks, containers: [container('c', more)] }])
  expect(measured).toEqual([outcome === 'asked' ? ['c'] : []])
  expect(last.tasks[0]?.quietMs).toBe(outcome === 'asked' ? 0 : null)
})

test('a program that nobody can look into is asked as long as it is young', async () => {
  const { measured, last } = await looked([
    { second: 20, tasks: [runs({ containerId: 'elsewhere' }), task('app', { id: 'x' })] },
  ])
  expect(measured).toEqual([['elsewhere']])
  expect(last.tasks.find(({ id }) => id === 'x')?.quietMs).toBeNull()
})
