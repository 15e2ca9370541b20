import { expect, test } from 'vitest'
import { replacement } from '../../src/engine/convergence/replacement.ts'
import type { ObservedTask, StackSnapshot } from '../../src/engine/convergence/snapshot.ts'
import type { ServiceState } from '../../src/engine/types.ts'
import { restartCause } from '../../src/lifecycle/resilience/restart-cause.ts'
import { restartsOf } from '../../src/lifecycle/resilience/restarts.ts'
import { killTargets } from '../../src/lifecycle/resilience/targets.ts'

function service(name: string, more: Partial<ServiceState> = {}): ServiceState {
  const own = { id: name, service: name, mode: 'replicated', replicas: 1, restartCondition: 'any', labels: {} }
  const spec = {
    restartMaxAttempts: null,
    ports: [],
    hasHealthcheck: false,
    unplacedHash: 'h',
    templateHash: 'h',
    endpointHash: 'e',
  }
  return { ...own, ...spec, specHash: 'h', taskTemplate: {}, ...more } as unknown as ServiceState
}

function task(serviceId: string, more: Partial<ObservedTask> = {}): ObservedTask {
  const own = { id: `${serviceId}1`, serviceId, slot: 1, nodeId: 'n', state: 'running', desired: 'running' }
  const spec = {
    unplacedHash: 'h',
    templateHash: 'h',
    containerId: 'c',
    createdAt: '2026-01-01T00:00:01Z',
    inStateMs: 60_000,
    error: '',
  }
  return { ...own, ...spec, ...more } as ObservedTask
}

function seen(services: readonly ServiceState[], tasks: readonly ObservedTask[]): StackSnapshot {
  return { services, tasks, containers: new Map(), expected: new Map(), at: 0, waitedMs: 60_000 }
}

const ROUTED = { labels: { 'traefik.http.routers.x.rule': 'Host(`x`)' } }
const KEEPS = { volumes: [{ type: 'volume', source: 'data', target: '/data' }] }

test('what users reach is killed first, what keeps data last', () => {
  const services = ['app', 'cache', 'db', 'worker'].map((name) => service(name, name === 'worker' ? ROUTED : {}))
  const model = { services: { app: KEEPS, cache: {}, db: KEEPS, worker: KEEPS } }
  const { targets, spared } = killTargets(
    seen(
      services,
      services.map(({ id }) => task(id)),
    ),
    model as never,
  )
  expect(targets.map(({ service }) => service)).toEqual(['worker', 'cache', 'app', 'db'])
  expect(spared).toEqual([])
  const { app, db } = model.services
  expect(killTargets(seen(services, []), { services: { app, db } } as never).spared.slice(0, 2)).toEqual([
    { service: 'worker', why: 'head no longer has it' },
    { service: 'cache', why: 'head no longer has it' },
  ])
})

test.each<[string, Partial<ServiceState>, Partial<ObservedTask>, RegExp | null]>([
  ['a server', {}, {}, null],
  ['a worker that is started again after a failure', { restartCondition: 'on-failure' }, {}, null],
  ['a server that is not started again', { restartCondition: 'none', hasHealthcheck: true }, {}, null],
  ['a global service', { mode: 'global', replicas: null }, { slot: null }, null],
  ['no replicas', { replicas: 0 }, { state: 'shutdown' }, /no replicas/],
  ['a job', { mode: 'replicated-job' }, {}, /a job/],
  ['a one-shot that has completed', { restartCondition: 'none' }, { state: 'complete' }, /run to its end/],
  ['what may be a long one-shot', { restartCondition: 'none' }, {}, /may be a job/],
])('%s', (_, kind, state, why) => {
  const { targets, spared } = killTargets(seen([service('app', kind)], [task('app', state)]), { services: { app: {} } })
  expect(targets).toHaveLength(why ? 0 : 1)
  if (why) expect(spared).toEqual([{ service: 'app', why: expect.stringMatching(why) }])
})

const KILLED = { state: 'failed', desired: 'shutdown', inStateMs: 500 } as const
const NEXT = { id: 'app2', createdAt: '2026-01-01T00:00:09Z', state: 'ready' } as const

test.each<[string, Partial<ServiceState>, readonly Partial<ObservedTask>[], string, RegExp | null]>([
  ['before the engine has noticed', {}, [{}], 'waiting', /still running/],
  ['its successor is not recorded yet', {}, [KILLED], 'waiting', /no new task yet/],
  ['replaced', {}, [KILLED, NEXT], 'ready', null],
  ['an older task is no successor', {}, [{ ...NEXT, createdAt: '2025-01-01T00:00:00Z' }, KILLED], 'waiting', null],
  ['nor is one of another slot', {}, [KILLED, { ...NEXT, slot: 2 }], 'waiting', null],
  [
    'a global task is replaced on its node',
    {},
    [
      { ...KILLED, slot: null },
      { ...NEXT, slot: null },
    ],
    'ready',
    null,
  ],
  ['none came in time', {}, [{ ...KILLED, inStateMs: 2_500 }], 'impossible', /condition is any$/],
  ['attempts used up', { restartMaxAttempts: 2 }, [{ ...KILLED, inStateMs: 2_500 }], 'impossible', /at most 2 times/],
  ['never started again: known at once', { restartCondition: 'none' }, [KILLED], 'impossible', /condition is none/],
])('after a kill: %s', (_, kind, tasks, state, why) => {
  const said = replacement(
    seen(
      [service('app', kind)],
      tasks.map((one) => task('app', one)),
    ),
    { id: 'app1' },
  )
  expect(said.state).toBe(state)
  if (why) expect('reason' in said ? said.reason : 'cause' in said ? said.cause : '').toMatch(why)
})

test.each<[string, Partial<ServiceState>, readonly Partial<ObservedTask>[], object[]]>([
  ['all as before', {}, [{}], []],
  [
    'another environment',
    { templateHash: 'i', taskTemplate: { ContainerSpec: { Env: ['A=1'] } } },
    [{}],
    [{ differs: ['env'] }],
  ],
  ['other labels of its containers', { templateHash: 'i' }, [{}], [{ differs: ['labels'] }]],
  ['other ports', { endpointHash: 'f' }, [{}], [{ differs: ['ports'] }]],
  ['another task and nothing to see', {}, [{ desired: 'shutdown', state: 'shutdown' }, NEXT], [{ differs: [] }]],
  ['one that ended by itself is none of its doing', {}, [{ desired: 'shutdown', state: 'failed' }, NEXT], []],
])('deployed again: %s', (_, now, tasks, restarts) => {
  const before = { services: [service('app')], tasks: [task('app')] }
  const after = { services: [service('app', now)], tasks: tasks.map((one) => task('app', one)) }
  const found = restartsOf(before.services, before, after)
  expect(found.restarts).toMatchObject(restarts)
  expect(found.restarts).toHaveLength(restarts.length)
  expect(found.steady).toHaveLength(1 - restarts.length)
})

test('what something else had changed since the deployment is told apart', () => {
  const [deployed, changed] = [service('app'), service('app', { endpointHash: 'f' })]
  const [before, after] = [changed, deployed].map((state) => ({ services: [state], tasks: [task('app')] }))
  expect(restartsOf([deployed], before as never, after as never).restarts).toEqual([
    { service: 'app', differs: ['ports'], changedBefore: ['ports'] },
  ])
})

test.each<[string, { differs: string[]; changedBefore: string[] }, string, string, string]>([
  ['our deployer', { differs: ['env'], changedBefore: [] }, 'unverified', 'no-op-restarts', 'ci'],
  ['nothing to see', { differs: [], changedBefore: [] }, 'unverified', 'no-op-restarts', 'ci'],
  ['the app itself', { differs: ['env'], changedBefore: ['env'] }, 'fail', 'no-op-restarts', 'recipe'],
  [
    'a tag that was moved meanwhile',
    { differs: ['image'], changedBefore: [] },
    'unverified',
    'image-moved',
    'upstream',
  ],
])('a restart by a redeploy is the doing of %s', (_, restart, outcome, code, blame) => {
  const said = restartCause([{ service: 'app', ...restart }])
  expect(said).toMatchObject({ outcome, why: { code, blame, service: 'app' } })
})

test('one service that nobody had touched is enough to look at our own side', () => {
  const touched = { service: 'app', differs: ['env'], changedBefore: ['env'] }
  const { why } = restartCause([touched, { service: 'db', differs: ['mounts'], changedBefore: [] }])
  expect(why.blame).toBe('ci')
  expect(why.message).toMatch(/app \(differs in env; env was changed by something else.*; db \(differs in mounts\)/)
})
