import { describe, expect, test } from 'vitest'
import { replacement } from '../../src/engine/convergence/replacement.ts'
import type { ObservedTask } from '../../src/engine/convergence/snapshot.ts'
import { failed, service, snapshot, task } from './seen.ts'
import { at } from './stack-look.ts'

const killed = failed('app', 10, { exitCode: 137, inStateMs: 0 })
const next = task('app', { id: 'next', createdAt: at(12) })

function outcome(seen: Parameters<typeof snapshot>[0]): string {
  const found = replacement(snapshot(seen), killed)
  if (found.state === 'ready') return `ready: ${found.value.id}`
  return found.state === 'waiting' ? `waiting: ${found.reason}` : `${found.state}: ${found.cause}`
}

test('the task that came in the place of the killed one', () => {
  expect(outcome({ tasks: [killed, next] })).toBe('ready: next')
})

test('as long as the killed task has not ended there is nothing to say, also where another one is there already', () => {
  const dying = { ...killed, state: 'running' } as const
  expect(outcome({ tasks: [dying] })).toBe('waiting: app: its killed task is still running')
  expect(outcome({ tasks: [dying, next] })).toBe('waiting: app: its killed task is still running')
})

test('without its task or its service nobody can tell', () => {
  expect(outcome({ tasks: [next] })).toBe('impossible: its service is gone')
  expect(outcome({ services: [service('db')], tasks: [killed, next] })).toBe('impossible: its service is gone')
})

test.each<[string, Partial<ObservedTask>]>([
  ['of another service', { serviceId: 'db-id' }],
  ['made before', { createdAt: at(9) }],
  ['made at the same time', { createdAt: at(10) }],
  ['in another place', { slot: 2 }],
])('a task %s is no successor', (_, more) => {
  expect(outcome({ tasks: [killed, { ...next, ...more }] })).toBe('waiting: app: no new task yet')
})

test('a task of a global service is followed on its own node', () => {
  const services = [service('app', { mode: 'global', replicas: null })]
  const here = { ...killed, slot: null }
  const on = (nodeId: string) => outcome({ services, tasks: [here, { ...next, slot: null, nodeId }] })
  expect(on('node1')).toBe('ready: next')
  expect(on('node2')).toBe('waiting: app: no new task yet')
})

describe('where none comes', () => {
  test.each([
    [{ inStateMs: 1999 }, {}, 'waiting: app: no new task yet'],
    [{ inStateMs: 2000 }, {}, 'impossible: the engine starts no other task: its restart condition is any'],
    [
      { inStateMs: 2000 },
      { restartMaxAttempts: 3 },
      'impossible: the engine starts no other task: its restart condition is any, at most 3 times',
    ],
    [
      { inStateMs: 0 },
      { restartCondition: 'none' },
      'impossible: the engine starts no other task: its restart condition is none',
    ],
  ] as const)('%j %j: %s', (state, policy, expected) => {
    expect(outcome({ services: [service('app', policy)], tasks: [{ ...killed, ...state }] })).toBe(expected)
  })
})
