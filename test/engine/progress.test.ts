import { describe, expect, test } from 'vitest'
import { showsProgress } from '../../src/engine/convergence/progress.ts'
import type { ObservedTask } from '../../src/engine/convergence/snapshot.ts'
import { failed, service, snapshot, task } from './seen.ts'

const moves = (seen: Parameters<typeof snapshot>[0], quietMs?: number) => showsProgress(snapshot(seen), quietMs)
/** Not up, and silent since long. */
const silent = { state: 'starting', inStateMs: 400_000, quietMs: 300_000 } as const
const update = { state: 'updating', startedAt: null, message: '' } as const

test('one service that gets on is enough, and one of its tasks', () => {
  const services = [service('app'), service('db')]
  const working = task('db', { ...silent, quietMs: 0 })
  expect(moves({ services, tasks: [task('app', silent), working] })).toBe(true)
  expect(moves({ services, tasks: [working] })).toBe(true)
  expect(moves({ services, tasks: [task('app', silent), task('db', silent)] })).toBe(false)
  const two = [service('app', { replicas: 2 })]
  expect(moves({ services: two, tasks: [task('app', silent), task('app', { ...silent, slot: 2, quietMs: 0 })] })).toBe(
    true,
  )
})

test('what starts again for the third time does not get on; other ends do not count', () => {
  const working = task('app', { ...silent, quietMs: 0 })
  const ends = (state: ObservedTask['state']) => [1, 2, 3].map((second) => failed('app', second, { state }))
  expect(moves({ tasks: [...ends('failed').slice(1), working] })).toBe(true)
  expect(moves({ tasks: [...ends('failed'), working] })).toBe(false)
  expect(moves({ tasks: [...ends('shutdown'), working] })).toBe(true)
})

describe('a task gets on', () => {
  // Two are wanted, so that one that runs does not make the service one that is up.
  const of = (more: Partial<ObservedTask>, also: Parameters<typeof service>[1] = {}, quietMs?: number) =>
    moves(
      { services: [service('app', { replicas: 2, ...also })], tasks: [task('app', { inStateMs: 400_000, ...more })] },
      quietMs,
    )

  test('on its way to its first start, and not where it waits for a node', () => {
    expect(of({ state: 'preparing' })).toBe(true)
    for (const state of ['pending', 'assigned', 'complete'] as const) {
      expect(of({ state, quietMs: 0 })).toBe(false)
      expect(of({ state, inStateMs: 0 }, { startPeriodMs: 1000, update })).toBe(false)
    }
  })

  test('inside the start period of its health check, as long as it has not passed', () => {
    const startPeriodMs = 60_000
    expect(of({ state: 'starting', inStateMs: 59_999 }, { startPeriodMs })).toBe(true)
    expect(of({ state: 'starting', inStateMs: 60_000 }, { startPeriodMs })).toBe(false)
    expect(of({ state: 'running', inStateMs: 59_999 }, { startPeriodMs })).toBe(false)
  })

  test('that runs and must only hold, or whose update the engine watches', () => {
    expect(of({ inStateMs: 9_999 })).toBe(true)
    expect(of({ inStateMs: 10_000 })).toBe(false)
    expect(of({}, { update })).toBe(true)
    expect(of({}, { update: { ...update, state: 'completed' } })).toBe(false)
  })

  test('that works, by what its wait calls quiet', () => {
    for (const state of ['starting', 'running'] as const) {
      expect(of({ state, quietMs: 29_999 })).toBe(true)
      expect(of({ state, quietMs: 30_000 })).toBe(false)
      expect(of({ state, quietMs: 4_999 }, {}, 5000)).toBe(true)
      expect(of({ state, quietMs: 5_000 }, {}, 5000)).toBe(false)
      expect(of({ state, quietMs: null })).toBe(false)
    }
  })
})
