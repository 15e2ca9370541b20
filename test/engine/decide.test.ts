import { expect, test } from 'vitest'
import { decideConvergence } from '../../src/engine/convergence/decide.ts'
import { showsProgress } from '../../src/engine/convergence/progress.ts'
import { ended, health, type Look, OLD, seen } from './stack-look.ts'

const loop = [10, 12, 14, 16, 18, 20].map((second) => ended(second))

test.each([
  ['an old task', { tasks: [OLD] }, 'app: 1 old task still there'],
  ['two old tasks', { tasks: [OLD, { ...OLD, slot: 2 }] }, 'app: 2 old tasks still there'],
  ['a service that is not there', { tasks: [{}], expected: ['app', 'db'] }, 'service db does not exist yet'],
  ['no task', {}, 'app: 0/1 running, no task yet'],
  ['a task on its way', { tasks: [{ state: 'preparing' }] }, 'app: 0/1 running (preparing)'],
  ['ends before', { tasks: [ended(10), { state: 'preparing' }] }, 'app: 0/1 running (preparing; 1 ended before)'],
  ['a failing start', { tasks: [{ state: 'new', error: 'e', inStateMs: 0 }] }, 'app: 0/1 running (new: e)'],
  [
    'a health check',
    { tasks: [{ state: 'starting', containerId: 'c' }], containers: [health('c', 'starting', 2)] },
    'app: 0/1 running (starting, health check starting (2 failed))',
  ],
  ['a task that must hold', { tasks: [{ inStateMs: 1 }] }, 'app: runs, and must hold for 2 s'],
  [
    'one that runs once',
    { service: { restartCondition: 'none' }, tasks: [{ inStateMs: 1 }] },
    'app: runs, and must hold for 10 s',
  ],
  [
    'two services',
    { db: {}, dbTasks: [{ inStateMs: 1 }] },
    'app: 0/1 running, no task yet; db: runs, and must hold for 2 s',
  ],
] as const)('a wait says what it waits for: %s', (_, look, reason) => {
  expect(decideConvergence(seen(look as Look))).toEqual({ state: 'waiting', reason })
})

test('what runs once a stack has converged', () => {
  const look: Look = {
    service: { update: { state: 'completed', startedAt: null, message: '' } },
    before: {},
    tasks: [ended(1), {}],
    db: { restartCondition: 'none' },
    dbTasks: [ended(2, 0), ended(3, 0)],
  }
  expect(decideConvergence(seen(look))).toMatchObject({
    state: 'ready',
    value: {
      tasks: [
        { service: 'app', id: 't1', state: 'running' },
        { service: 'db', id: 'd1', state: 'complete' },
      ],
      updates: [
        { service: 'app', state: 'completed' },
        { service: 'db', state: 'none' },
      ],
    },
  })
})

test('a crash loop beside a database that shows no progress names the database, and one that failed is the cause itself', () => {
  const booting = { state: 'starting', containerId: 'd', inStateMs: 40_000, quietMs: 31_000 } as const
  expect(decideConvergence(seen({ tasks: loop, db: { hasHealthcheck: true }, dbTasks: [booting] }))).toMatchObject({
    cause: {
      code: 'crash-loop',
      service: 'app',
      behind: ['db'],
      message: expect.stringMatching(
        /^app ended 6 times: it ended with exit code 1; meanwhile not up: db: 0\/1 running/,
      ),
    },
  })
  const unwell = [1, 2].map((second) => ({ ...ended(second, 137), error: 'task: unhealthy container' }))
  expect(decideConvergence(seen({ tasks: loop, db: { hasHealthcheck: true }, dbTasks: unwell }))).toMatchObject({
    cause: {
      code: 'healthcheck-failing',
      service: 'db',
      message: expect.stringContaining('; meanwhile app ended 6 times'),
    },
  })
})

const starting = { state: 'starting', containerId: 'c', inStateMs: 400_000 } as const

test.each<readonly [string, Look, boolean]>([
  ['a line or some work 10 s ago', { tasks: [{ ...starting, quietMs: 10_000 }] }, true],
  ['neither for 30 s', { tasks: [{ ...starting, quietMs: 30_000 }] }, false],
  ['nobody could look', { tasks: [starting] }, false],
  ['inside its start period', { service: { startPeriodMs: 500_000 }, tasks: [starting] }, true],
  ['an image on its way', { tasks: [{ state: 'preparing', inStateMs: 400_000 }] }, true],
  ['no node', { tasks: [{ state: 'pending', inStateMs: 400_000 }] }, false],
  ['runs and must hold', { tasks: [{ inStateMs: 500 }] }, true],
  [
    'an update that the engine watches',
    { service: { update: { state: 'updating', startedAt: null, message: '' } }, tasks: [{}] },
    true,
  ],
  ['one of two that is up', { service: { replicas: 2 }, tasks: [{}] }, false],
  [
    'a job at work',
    { service: { mode: 'replicated-job', jobRound: 0 }, tasks: [{ desired: 'complete', jobRound: 0, quietMs: 0 }] },
    true,
  ],
  ['what is up already', { tasks: [{ quietMs: 0 }] }, false],
  [
    'what starts again for the fourth time',
    { tasks: [ended(1, 1), ended(2, 2), ended(3, 3), { ...starting, quietMs: 0 }] },
    false,
  ],
  ['a dropped service', { tasks: [{}], db: {}, dbTasks: [{ ...starting, quietMs: 0 }], expected: ['app'] }, false],
])('progress: %s', (_, look, moves) => {
  expect(showsProgress(seen(look))).toBe(moves)
})
