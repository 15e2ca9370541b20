import { expect, test } from 'vitest'
import { decide } from '../../src/engine/convergence/decide.ts'
import type { SeenTask, Snapshot } from '../../src/engine/convergence/snapshot.ts'
import type { ContainerState, ServiceState } from '../../src/engine/types.ts'

const SERVICE: ServiceState = {
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
  specHash: 'new',
  templateHash: 'new',
  endpointHash: 'e',
  endpointMode: 'vip',
  ports: [],
  taskTemplate: {},
}
const TASK: SeenTask = {
  id: 't1',
  serviceId: 'app',
  slot: 1,
  nodeId: 'n',
  state: 'running',
  desired: 'running',
  message: '',
  error: '',
  containerId: null,
  exitCode: null,
  createdAt: '2026-01-01T00:00:10Z',
  since: '2026-01-01T00:00:11Z',
  image: 'i',
  specHash: 'new',
  templateHash: 'new',
  inStateMs: 9000,
}

function look(service: Partial<ServiceState>, tasks: readonly Partial<SeenTask>[], more: Partial<Snapshot> = {}) {
  const state = { ...SERVICE, ...service }
  const seen = tasks.map((task, index) => ({ ...TASK, id: `t${index}`, ...task }))
  const expected = new Map([['app', { before: null }]])
  return decide({ services: [state], tasks: seen, containers: new Map(), expected, ...more })
}

const ended = (second: number, code = 1) => ({
  state: 'failed' as const,
  desired: 'shutdown',
  exitCode: code,
  createdAt: `2026-01-01T00:00:${second}Z`,
  since: `2026-01-01T00:00:${second + 1}Z`,
})

test('a task that runs and holds is converged; one that just began is not', () => {
  expect(look({}, [{}]).state).toBe('ready')
  expect(look({}, [{ inStateMs: 100 }]).state).toBe('waiting')
  expect(look({}, []).state).toBe('waiting')
})

test('a stop-first update that has not started is not converged though N/N run', () => {
  expect(look({}, [{ templateHash: 'old' }])).toMatchObject({
    state: 'waiting',
    reason: expect.stringContaining('old'),
  })
})

test('changed ports with no update yet are waited for; a no-op is not', () => {
  const before = { ...SERVICE, endpointHash: 'other' }
  const changed = { expected: new Map([['app', { before }]]) }
  expect(look({}, [{}], changed).state).toBe('waiting')
  expect(look({}, [{}], { expected: new Map([['app', { before: SERVICE }]]) }).state).toBe('ready')
})

test('an expected service that is not there is waited for', () => {
  const expected = new Map([['db', { before: null }]])
  expect(look({}, [{}], { expected })).toMatchObject({ state: 'waiting', reason: expect.stringContaining('db') })
})

test('one-shots', () => {
  const done = { state: 'complete' as const, desired: 'shutdown', exitCode: 0 }
  expect(look({ restartCondition: 'none' }, [done]).state).toBe('ready')
  expect(look({ restartCondition: 'on-failure' }, [done]).state).toBe('ready')
  expect(look({ restartCondition: 'on-failure', hasHealthcheck: true }, [done])).toMatchObject({
    cause: { code: 'service-stranded' },
  })
  expect(look({ restartCondition: 'none' }, [ended(10)])).toMatchObject({ cause: { code: 'one-shot-failed' } })
})

test('two equal ends are hope, three are a loop, three different ones are hope', () => {
  expect(look({}, [ended(10), ended(20), {}]).state).toBe('ready')
  expect(look({}, [ended(10), ended(20), ended(30)])).toMatchObject({ cause: { code: 'crash-loop' } })
  expect(look({}, [ended(10, 1), ended(20, 2), ended(30, 3)]).state).toBe('waiting')
})

test('ends before the database was up do not count, unless they are many', () => {
  const db = { ...SERVICE, id: 'db', service: 'db' }
  const services = [SERVICE, db]
  const up = { ...TASK, id: 'd', serviceId: 'db', since: '2026-01-01T00:00:35Z' }
  const tasks = [10, 20, 30].map((second) => ({ ...TASK, id: String(second), ...ended(second) }))
  expect(look({}, [], { services, tasks: [up, ...tasks] }).state).toBe('waiting')
  const booting = { ...up, state: 'starting' as const }
  expect(look({}, [], { services, tasks: [booting, ...tasks] }).state).toBe('waiting')
  const more = [40, 42, 44].map((second) => ({ ...TASK, id: String(second), ...ended(second) }))
  expect(look({}, [], { services, tasks: [up, ...tasks, ...more] })).toMatchObject({ cause: { code: 'crash-loop' } })
})

test.each([
  ['rejected', 'No such image: x:1', 'image-unpullable'],
  ['rejected', 'node is missing network attachments, ip addresses may be exhausted', 'address-pool-exhausted'],
  ['rejected', 'invalid mount config', 'task-rejected'],
  ['rejected', 'write /x: no space left on device', 'disk-full'],
  ['failed', 'starting container failed: OCI runtime create failed: exec: "/x": not found', 'task-rejected'],
] as const)('%s: %s is %s', (state, error, code) => {
  expect(look({}, [{ state, error }])).toMatchObject({ state: 'impossible', cause: { code } })
})

test('a scheduler without a node is waited for a while, and while an old task still leaves', () => {
  const pending = { state: 'pending' as const, error: 'no suitable node (insufficient resources on 1 node)' }
  expect(look({}, [{ ...pending, inStateMs: 3000 }]).state).toBe('waiting')
  expect(look({}, [{ ...pending, inStateMs: 11_000 }])).toMatchObject({ cause: { code: 'no-suitable-node' } })
  const leaving = { templateHash: 'old', desired: 'shutdown' }
  expect(look({}, [leaving, { ...pending, inStateMs: 11_000 }]).state).toBe('waiting')
  const port = { ...pending, error: 'no suitable node (host-mode port already in use on 1 node)', inStateMs: 11_000 }
  expect(look({}, [port])).toMatchObject({ cause: { code: 'port-in-use' } })
})

test('a task that gets no address', () => {
  expect(look({}, [{ state: 'new', inStateMs: 21_000 }])).toMatchObject({ cause: { code: 'address-pool-exhausted' } })
})

test('a program that ends politely when its health check failed is still unhealthy, at the second time', () => {
  const health = { status: 'unhealthy', failingStreak: 3, log: [] }
  const container = { id: 'c', health, oomKilled: false, finishedAt: '' } as unknown as ContainerState
  const containers = new Map([['c', container]])
  const gone = (second: number) => ({ ...ended(second, 0), state: 'complete' as const, containerId: 'c' })
  expect(look({}, [gone(10), {}], { containers }).state).toBe('ready')
  expect(look({}, [gone(10), gone(20)], { containers })).toMatchObject({ cause: { code: 'healthcheck-failing' } })
})

test('rollback and pause end it though everything runs', () => {
  const update = (state: 'paused' | 'rollback_completed') => ({ update: { state, startedAt: null, message: '' } })
  expect(look(update('rollback_completed'), [{}])).toMatchObject({ cause: { code: 'rolled-back' } })
  expect(look(update('paused'), [{}])).toMatchObject({ cause: { code: 'update-paused' } })
})

test('a crash loop beside a database that is not up names the database, and one that failed is the cause itself', () => {
  const db = { ...SERVICE, id: 'db', service: 'db', hasHealthcheck: true }
  const services = [SERVICE, db]
  const loop = [10, 12, 14, 16, 18, 20].map((second) => ({ ...TASK, id: String(second), ...ended(second) }))
  const booting = { ...TASK, id: 'd', serviceId: 'db', state: 'starting' as const }
  expect(look({}, [], { services, tasks: [booting, ...loop] })).toMatchObject({
    cause: {
      code: 'crash-loop',
      service: 'app',
      behind: ['db'],
      message: expect.stringMatching(/^app ended 6 times: .*; meanwhile not up: db: 0\/1 running/),
    },
  })
  const unwell = ['a', 'b'].map((id) => ({
    ...booting,
    id,
    state: 'failed' as const,
    error: 'task: unhealthy container',
  }))
  expect(look({}, [], { services, tasks: [...unwell, ...loop] })).toMatchObject({
    cause: {
      code: 'healthcheck-failing',
      service: 'db',
      message: expect.stringContaining('; meanwhile app ended 6 times'),
    },
  })
})
