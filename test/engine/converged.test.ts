import { describe, expect, test } from 'vitest'
import { decideConvergence } from '../../src/engine/convergence/decide.ts'
import { currentTasks, isTerminal } from '../../src/engine/convergence/snapshot.ts'
import { container, decided, failed, service, snapshot, task } from './seen.ts'

const completed = { state: 'complete', desired: 'shutdown', exitCode: 0 } as const

describe('what has converged', () => {
  function found(seen: Parameters<typeof snapshot>[0]) {
    const look = decideConvergence(snapshot(seen))
    if (look.state !== 'ready') throw new Error(decided(seen))
    return look.value
  }

  test('names every service, its running tasks, and how its update ended', () => {
    const update = (state: 'completed' | 'updating') => ({ state, startedAt: null, message: '' })
    const services = [
      service('app', { replicas: 2, update: update('completed') }),
      service('same', {}),
      service('new', {}),
      service('old-update', { update: update('completed') }),
    ]
    const tasks = [
      failed('app', 5),
      task('app', { id: 'a1' }),
      task('app', { id: 'a2', slot: 2 }),
      task('same', {}),
      task('new', {}),
      task('old-update', {}),
    ]
    const before = [service('app'), service('same')]
    const value = found({ services, tasks, before })
    expect(value.services).toEqual(services)
    expect(value.tasks).toEqual([
      { service: 'app', id: 'a1', state: 'running' },
      { service: 'app', id: 'a2', state: 'running' },
      { service: 'same', id: 'same-task', state: 'running' },
      { service: 'new', id: 'new-task', state: 'running' },
      { service: 'old-update', id: 'old-update-task', state: 'running' },
    ])
    expect(value.updates).toEqual([
      { service: 'app', state: 'completed' },
      { service: 'same', state: 'none' },
      { service: 'new', state: 'created' },
      { service: 'old-update', state: 'created' },
    ])
  })

  test('names the last task of a one-shot that completed, and none of one that runs again', () => {
    const services = [service('app', { restartCondition: 'none' })]
    const ends = ['zero', 'one', 'two'].map((id) => task('app', { id, ...completed }))
    expect(found({ services, tasks: ends }).tasks).toEqual([{ service: 'app', id: 'two', state: 'complete' }])
    expect(found({ services, tasks: [...ends, task('app')] }).tasks).toEqual([
      { service: 'app', id: 'app-task', state: 'running' },
    ])
  })

  test('has no task of a service that wants none', () => {
    expect(found({ services: [service('app', { replicas: 0 })] }).tasks).toEqual([])
  })

  test('leaves out a task that is told to stop, and one that does not run yet', () => {
    const leaving = task('app', { id: 'leaving', desired: 'shutdown' })
    const coming = task('app', { id: 'coming', state: 'preparing' })
    expect(found({ tasks: [leaving, coming, task('app')] }).tasks.map(({ id }) => id)).toEqual(['app-task'])
  })
})

describe('what is waited for', () => {
  test('a stack without services, and each service that is not there, first', () => {
    expect(decided({ services: [] })).toBe('waiting: the stack has no services')
    const look = snapshot({ services: [service('app')], tasks: [] })
    const expected = new Map([...look.expected, ['db', { before: null }], ['cache', { before: null }]])
    expect(decideConvergence({ ...look, expected })).toEqual({
      state: 'waiting',
      reason: 'service db, cache does not exist yet; app: 0/1 running, no task yet',
    })
  })

  test('every service that is not up, each with its reason', () => {
    const services = [service('app'), service('db', { replicas: 3 }), service('ok')]
    const tasks = [task('db', { id: 'd1' }), task('db', { id: 'd2', slot: 2, state: 'preparing' }), task('ok')]
    expect(decided({ services, tasks })).toBe('waiting: app: 0/1 running, no task yet; db: 1/3 running (preparing)')
  })

  test.each([
    ['with its error', { state: 'pending', error: 'no suitable node', inStateMs: 0 }, '(pending: no suitable node)'],
    ['that is told to stop', { desired: 'shutdown' }, '(running)'],
    ['whose container is not known', { state: 'starting', containerId: 'x' }, '(starting)'],
    ['whose container has no health check', { state: 'starting', containerId: 'plain' }, '(starting)'],
    ['with its health check', { state: 'starting', containerId: 'c' }, '(starting, health check starting (2 failed))'],
    ['whose health check is history', { state: 'failed', containerId: 'c', exitCode: 1 }, '(failed; 1 ended before)'],
  ] as const)('a task %s', (_, state, said) => {
    const containers = [
      container('c', { health: { status: 'starting', failingStreak: 2, log: [] } }),
      container('plain'),
    ]
    expect(decided({ tasks: [task('app', state)], containers })).toBe(`waiting: app: 0/1 running ${said}`)
  })

  test('the last task, with the number of ends before', () => {
    const tasks = [failed('app', 5), failed('app', 7, { exitCode: 2 }), task('app', { state: 'assigned' })]
    expect(decided({ tasks })).toBe('waiting: app: 0/1 running (assigned; 2 ended before)')
  })

  test.each([
    ['runs for less than 2 s', { inStateMs: 1999 }, undefined, 'waiting: app: runs, and must hold for 2 s'],
    ['runs for 2 s', { inStateMs: 2000 }, undefined, 'ready'],
    ['is healthy at once', { inStateMs: 0, containerId: 'c' }, 'healthy', 'ready'],
    ['has no health yet', { inStateMs: 0, containerId: 'c' }, 'starting', 'waiting: app: runs, and must hold for 2 s'],
    [
      'runs where nobody can look',
      { inStateMs: 0, containerId: 'x' },
      'healthy',
      'waiting: app: runs, and must hold for 2 s',
    ],
  ] as const)('a task that %s', (_, state, status, expected) => {
    const health = status ? { status, failingStreak: 0, log: [] } : null
    expect(decided({ tasks: [task('app', state)], containers: [container('c', { health })] })).toBe(expected)
  })

  test('an unsteady task beside steady ones', () => {
    const tasks = [task('app', { id: 'a' }), task('app', { id: 'b', slot: 2, inStateMs: 5 })]
    expect(decided({ services: [service('app', { replicas: 2 })], tasks })).toMatch(/must hold/)
  })

  test('tasks of an older spec, as long as they have not ended', () => {
    const old = ['a', 'b'].map((id) => task('app', { id, templateHash: 'old' }))
    expect(decided({ tasks: [...old.slice(1), task('app')] })).toBe('waiting: app: 1 old task still there')
    expect(decided({ tasks: [...old, task('app')] })).toBe('waiting: app: 2 old tasks still there')
    expect(decided({ tasks: [...old.map((one) => ({ ...one, state: 'shutdown' as const })), task('app')] })).toBe(
      'ready',
    )
    const services = [service('app'), service('db', { templateHash: 'old' })]
    expect(decided({ services, tasks: [task('app'), task('db', { templateHash: 'old' })] })).toBe('ready')
  })
})

describe('an update', () => {
  const before = [service('app', { endpointHash: 'other' })]

  test('that continues is waited for, though everything runs', () => {
    const services = [service('app', { update: { state: 'updating', startedAt: null, message: '' } })]
    expect(decided({ services, tasks: [task('app')] })).toBe('waiting: app: update in progress')
  })

  test('of ports alone is waited for until it begins', () => {
    expect(decided({ tasks: [task('app')], before })).toBe('waiting: app: its update has not started yet')
    const services = [service('app', { update: { state: 'completed', startedAt: null, message: '' } })]
    expect(decided({ services, tasks: [task('app')], before })).toBe('ready')
    const both = [service('app'), service('db')]
    expect(decided({ services: both, tasks: [task('app'), task('db')], before })).toMatch(/not started yet/)
    expect(decided({ tasks: [task('app')], before: [service('app')] })).toBe('ready')
    expect(decided({ tasks: [task('app')] })).toBe('ready')
  })

  test('of a service that ran nothing is none: the engine does not say that it began', () => {
    const none = [service('app', { endpointHash: 'other', replicas: 0 })]
    expect(decided({ tasks: [task('app')], before: none })).toBe('ready')
    const services = [service('app', { replicas: 0 }), service('db')]
    expect(decided({ services, tasks: [task('db')], before })).toBe('ready')
    expect(decided({ services, tasks: [task('db'), task('app', { createdAt: '', state: 'shutdown' })], before })).toBe(
      'ready',
    )
  })
})

describe('how many are wanted', () => {
  const global = [service('app', { mode: 'global', replicas: null })]

  test('of a global service one per node that the engine chose, at least one', () => {
    const tasks = ['n1', 'n2'].map((nodeId) => task('app', { id: nodeId, slot: null, nodeId }))
    expect(decided({ services: global, waitedMs: 0 })).toBe('waiting: app: 0/1 running, no task yet')
    expect(decided({ services: global, tasks })).toBe('ready')
    const [first, second] = tasks
    if (!first || !second) throw new Error('two tasks')
    expect(decided({ services: global, tasks: [first, { ...second, state: 'preparing' }] })).toBe(
      'waiting: app: 1/2 running (preparing)',
    )
    expect(decided({ services: global, tasks: [first, { ...second, ...completed }] })).toBe('ready')
  })

  test('a completed one-shot counts for its place, once, and only where nothing runs there', () => {
    const services = [service('app', { restartCondition: 'none', replicas: 2 })]
    const one = task('app', { id: 'one', ...completed })
    expect(decided({ services, tasks: [one] })).toBe('waiting: app: 0/2 running (complete; 1 ended before)')
    expect(decided({ services, tasks: [one, { ...one, id: 'again' }] })).toMatch(/^waiting: app: 0\/2/)
    expect(decided({ services, tasks: [one, { ...one, id: 'two', slot: 2 }] })).toBe('ready')
    expect(decided({ services, tasks: [one, task('app', { id: 'running' })] })).toMatch(/^waiting: app: 1\/2/)
    expect(decided({ services, tasks: [one, task('app', { id: 'running', slot: 2 })] })).toBe('ready')
  })

  test('a completed task of a server does not count', () => {
    expect(decided({ services: [service('app')], tasks: [task('app', completed)] })).toMatch(/^waiting: app: 0\/1/)
  })

  test('a job on every node is done when it has completed on each', () => {
    const services = [service('app', { mode: 'global-job', replicas: null, restartCondition: 'none' })]
    const on = (nodeId: string, more = {}) =>
      task('app', { id: nodeId, slot: null, nodeId, desired: 'complete', ...more })
    const done = { state: 'complete', exitCode: 0 } as const
    expect(decided({ services, tasks: [on('n1', done), on('n2')] })).toMatch(/^waiting: app: 0\/2/)
    expect(decided({ services, tasks: [on('n1', done), on('n2', done)] })).toBe('ready')
  })
})

describe('where several services fail', () => {
  const services = [service('app'), service('db'), service('worker')]
  const loop = (name: string) => [10, 12, 14, 16, 18, 20].map((second) => failed(name, second))
  const refused = failed('db', 10, { state: 'rejected', error: 'No such image: db:1' })

  test('what is no crash loop is named, with the loops that it may have caused', () => {
    expect(decided({ services, tasks: [...loop('app'), refused, ...loop('worker')] })).toBe(
      'image-unpullable of db: a task of db was not started: No such image: db:1; ' +
        'meanwhile app ended 6 times: it ended with exit code 1, worker ended 6 times: it ended with exit code 1',
    )
  })

  test('a loop names other loops, and who was not up; not who was', () => {
    const look = decideConvergence(snapshot({ services, tasks: [...loop('app'), task('db'), ...loop('worker')] }))
    expect(look).toMatchObject({
      cause: {
        code: 'crash-loop',
        service: 'app',
        message:
          'app ended 6 times: it ended with exit code 1; meanwhile worker ended 6 times: it ended with exit code 1',
        behind: [],
      },
    })
    const silent = task('worker', { state: 'starting', quietMs: 40_000 })
    expect(decideConvergence(snapshot({ services, tasks: [...loop('app'), task('db'), silent] }))).toMatchObject({
      cause: {
        message: 'app ended 6 times: it ended with exit code 1; meanwhile not up: worker: 0/1 running (starting)',
        behind: ['worker'],
      },
    })
  })

  test('a loop alone is told alone', () => {
    const look = decideConvergence(snapshot({ services, tasks: [...loop('app'), task('db'), task('worker')] }))
    expect(look).toMatchObject({ cause: { message: 'app ended 6 times: it ended with exit code 1' } })
    expect(look).not.toHaveProperty('cause.behind')
  })

  test('the first that is no crash loop is named, without the next one: that is told when this one is fixed', () => {
    const other = failed('worker', 10, { state: 'rejected', error: 'No such image: worker:1' })
    expect(decided({ services, tasks: [task('app'), refused, other] })).toBe(
      'image-unpullable of db: a task of db was not started: No such image: db:1',
    )
  })

  test('what is no crash loop does not name who was not up', () => {
    expect(decided({ services, tasks: [refused] })).not.toContain('meanwhile')
  })
})

test.each([
  ['new', false],
  ['allocated', false],
  ['pending', false],
  ['assigned', false],
  ['accepted', false],
  ['preparing', false],
  ['ready', false],
  ['starting', false],
  ['running', false],
  ['complete', true],
  ['shutdown', true],
  ['failed', true],
  ['rejected', true],
  ['remove', true],
  ['orphaned', true],
] as const)('a task that is %s has ended: %s', (state, ended) => {
  expect(isTerminal(task('app', { state }))).toBe(ended)
})

test('current tasks are those of the service and of its spec now', () => {
  const tasks = [task('app', { id: 'a' }), task('app', { id: 'old', templateHash: 'old' }), task('db', { id: 'd' })]
  expect(currentTasks(snapshot({ tasks }), service('app')).map(({ id }) => id)).toEqual(['a'])
})
