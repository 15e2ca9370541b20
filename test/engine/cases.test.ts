import { expect, test } from 'vitest'
import { decideConvergence } from '../../src/engine/convergence/decide.ts'
import type { ObservedTask } from '../../src/engine/convergence/snapshot.ts'
import type { ServiceState } from '../../src/engine/types.ts'
import type { CauseCode } from '../../src/verdict/causes.ts'
import { at, CONTAINER, ended, health, type Look, OLD, seen } from './stack-look.ts'

type Answer = 'ready' | 'waiting' | CauseCode
type Case = readonly [what: string, look: Look, answer: Answer]

const update = (state: NonNullable<ServiceState['update']>['state']): Partial<ServiceState> => ({
  update: { state, startedAt: null, message: '' },
})
const pending = (error: string, inStateMs: number): Partial<ObservedTask> => ({ state: 'pending', error, inStateMs })
const rejected = (error: string, second = 10): Partial<ObservedTask> => ({
  ...ended(second),
  state: 'rejected',
  exitCode: null,
  error,
})
const starting: Partial<ObservedTask> = { state: 'starting', containerId: 'c', inStateMs: 200_000 }
const leaving: Partial<ObservedTask> = { ...OLD, desired: 'shutdown', containerId: 'o' }
const once: Partial<ServiceState> = { restartCondition: 'none' }
const onFailure: Partial<ServiceState> = { restartCondition: 'on-failure' }
const job: Partial<ServiceState> = { mode: 'replicated-job', jobRound: 2, restartCondition: 'on-failure' }
const routed = { labels: { 'traefik.http.routers.x.rule': 'Host(`x`)' } }
const unwell = (second: number): Partial<ObservedTask> => ({
  ...ended(second, 137),
  error: 'task: non-zero exit (137): unhealthy container',
})
const loop = [ended(10), ended(12), ended(14)]
const longLoop = [...loop, ended(16), ended(18), ended(20)]

/** Every case that a stack is known to come to, and what one look at it must say. Each is reproduced on a real engine in test/swarm/convergence.test.ts. */
const CASES: readonly Case[] = [
  ['replicated: runs and holds', { tasks: [{}] }, 'ready'],
  ['replicated: began just now', { tasks: [{ inStateMs: 100 }] }, 'waiting'],
  [
    'replicated: began just now, and its health check passed',
    { tasks: [{ inStateMs: 100, containerId: 'c' }], containers: [health('c', 'healthy')] },
    'ready',
  ],
  ['replicated: runs for 3 s, its start took 5 s', { tasks: [{ inStateMs: 3000, since: at(15) }] }, 'waiting'],
  ['replicated: runs for 6 s, its start took a minute', { tasks: [{ inStateMs: 6000, since: at(70) }] }, 'ready'],
  ['replicated: no task yet', {}, 'waiting'],
  ['replicated: runs and holds, looked at in the first moments', { tasks: [{}], waitedMs: 1000 }, 'ready'],
  [
    'replicated: one of two tasks is of another placement, in the first moments',
    { service: { replicas: 2 }, tasks: [{ templateHash: 'old' }, { slot: 2 }], waitedMs: 1000 },
    'waiting',
  ],
  [
    'server that is started once: runs for 3 s',
    { service: { ...once, ...routed }, tasks: [{ inStateMs: 3000 }] },
    'ready',
  ],
  ['may end well under on-failure: runs for 3 s', { service: onFailure, tasks: [{ inStateMs: 3000 }] }, 'ready'],
  [
    'update that continues whatever fails: its crash loop is named at once',
    {
      service: { ...update('updating'), failureAction: 'continue' },
      tasks: loop.map((task) => ({ ...task, inStateMs: 100 })),
    },
    'crash-loop',
  ],
  ['replicated: one of two', { service: { replicas: 2 }, tasks: [{}] }, 'waiting'],
  ['replicated: two of two', { service: { replicas: 2 }, tasks: [{}, { slot: 2 }] }, 'ready'],
  [
    'replicated: two in one slot are not two',
    { service: { replicas: 2 }, tasks: [ended(10, 0), { slot: 2 }] },
    'waiting',
  ],
  ['a task that waits for its turn does not count', { tasks: [{ state: 'ready', desired: 'ready' }] }, 'waiting'],
  ['a task that is to stop does not count', { tasks: [{ desired: 'shutdown' }] }, 'waiting'],

  ['global: runs', { service: { mode: 'global', replicas: null }, tasks: [{ slot: null }] }, 'ready'],
  [
    'global: one of two nodes',
    {
      service: { mode: 'global', replicas: null },
      tasks: [{ slot: null }, { slot: null, nodeId: 'm', state: 'preparing' }],
    },
    'waiting',
  ],
  ['global: no task yet', { service: { mode: 'global', replicas: null }, waitedMs: 1000 }, 'waiting'],
  ['global: no node meets its placement', { service: { mode: 'global', replicas: null } }, 'no-suitable-node'],
  [
    'global: server that ends with 0 under on-failure',
    { service: { ...onFailure, ...routed, mode: 'global', replicas: null }, tasks: [{ ...ended(10, 0), slot: null }] },
    'service-stranded',
  ],

  ['job: complete', { service: job, tasks: [{ ...ended(10, 0), jobRound: 2 }] }, 'ready'],
  ['job: still at work is not done', { service: job, tasks: [{ jobRound: 2, desired: 'complete' }] }, 'waiting'],
  ['job: complete in an earlier round only', { service: job, tasks: [{ ...ended(10, 0), jobRound: 1 }] }, 'waiting'],
  [
    'job: failed in an earlier round only',
    { service: job, tasks: [...loop.map((task) => ({ ...task, jobRound: 1 })), { ...ended(20, 0), jobRound: 2 }] },
    'ready',
  ],
  ['job: failed once, tried again', { service: job, tasks: [{ ...ended(10), jobRound: 2 }] }, 'waiting'],
  [
    'job: failed three times',
    { service: job, tasks: loop.map((task) => ({ ...task, jobRound: 2 })) },
    'one-shot-failed',
  ],
  [
    'job: failed, and is not tried again',
    { service: { ...job, ...once }, tasks: [{ ...ended(10), jobRound: 2 }] },
    'one-shot-failed',
  ],
  [
    'job: its attempts are used up',
    {
      service: { ...job, restartMaxAttempts: 1 },
      tasks: [ended(10), ended(20)].map((task) => ({ ...task, jobRound: 2 })),
    },
    'one-shot-failed',
  ],
  [
    'job: one of two completions',
    { service: { ...job, replicas: 2 }, tasks: [{ ...ended(10, 0), jobRound: 2 }] },
    'waiting',
  ],
  [
    'global job: complete',
    { service: { ...job, mode: 'global-job', replicas: null }, tasks: [{ ...ended(10, 0), slot: null, jobRound: 2 }] },
    'ready',
  ],

  ['one-shot under none: exit 0', { service: once, tasks: [ended(10, 0)] }, 'ready'],
  ['one-shot under none: exit 3', { service: once, tasks: [ended(10, 3)] }, 'one-shot-failed'],
  ['one-shot under none: at work for 3 s', { service: once, tasks: [{ inStateMs: 3000 }] }, 'waiting'],
  ['worker under none: at work for 20 s', { service: once, tasks: [{}] }, 'ready'],
  ['server under none: exit 0', { service: { ...once, ...routed }, tasks: [ended(10, 0)] }, 'service-stranded'],
  ['one-shot under on-failure: exit 0', { service: onFailure, tasks: [ended(10, 0)] }, 'ready'],
  ['one-shot under on-failure: exit 3, then 0', { service: onFailure, tasks: [ended(10, 3), ended(20, 0)] }, 'ready'],
  ['one-shot under on-failure: exit 3 three times', { service: onFailure, tasks: loop }, 'crash-loop'],
  [
    'one-shot under on-failure: its attempts are used up',
    { service: { ...onFailure, restartMaxAttempts: 1 }, tasks: [ended(10), ended(12)] },
    'one-shot-failed',
  ],
  [
    'server under on-failure: exit 0',
    { service: { ...onFailure, hasHealthcheck: true }, tasks: [ended(10, 0)] },
    'service-stranded',
  ],
  [
    'server under on-failure: exit 0 a moment ago',
    { service: { ...onFailure, ...routed }, tasks: [{ ...ended(10, 0), inStateMs: 500 }] },
    'waiting',
  ],
  [
    'server under on-failure: exit 0 in one of two slots',
    { service: { ...onFailure, ...routed, replicas: 2 }, tasks: [ended(10, 0), { slot: 2 }] },
    'service-stranded',
  ],
  [
    'server with an own port under on-failure: exit 0',
    {
      service: { ...onFailure, ports: [{ target: 80, published: 80, protocol: 'tcp', mode: 'host' }] },
      tasks: [ended(10, 0)],
    },
    'service-stranded',
  ],

  ['crash loop: two equal ends are hope', { tasks: [ended(10), ended(20), {}] }, 'ready'],
  ['crash loop: three equal ends', { tasks: loop }, 'crash-loop'],
  [
    'crash loop: a server that ends with 0 three times',
    { tasks: [ended(10, 0), ended(12, 0), ended(14, 0)] },
    'crash-loop',
  ],
  ['crash loop: three different ends are hope', { tasks: [ended(10, 1), ended(20, 2), ended(30, 3)] }, 'waiting'],
  [
    'crash loop: one end in each of three slots is hope',
    { service: { replicas: 3 }, tasks: [1, 2, 3].map((slot) => ({ ...ended(10), slot })) },
    'waiting',
  ],
  ['crash loop: a delay of 30 s between the ends', { tasks: [ended(10), ended(45), ended(80)] }, 'crash-loop'],
  [
    'crash loop: the next attempt waits for its delay',
    { tasks: [ended(10), ended(45), { state: 'ready', desired: 'ready' }] },
    'waiting',
  ],
  ['crash loop: attempts used up', { service: { restartMaxAttempts: 1 }, tasks: [ended(10), ended(12)] }, 'crash-loop'],
  [
    'crash loop: attempts used up in one of two slots',
    { service: { restartMaxAttempts: 1, replicas: 2 }, tasks: [ended(10), ended(12), { slot: 2 }] },
    'crash-loop',
  ],
  ['crash loop: the database came up after the ends', { tasks: loop, db: {}, dbTasks: [{ since: at(30) }] }, 'waiting'],
  [
    'crash loop: many ends, and the database came up just now',
    { tasks: longLoop, db: {}, dbTasks: [{ since: at(30) }] },
    'waiting',
  ],
  [
    'crash loop: the database was up before the ends',
    { tasks: loop, db: {}, dbTasks: [{ since: at(5) }] },
    'crash-loop',
  ],
  [
    'crash loop: the database starts, slowly but busily',
    { tasks: longLoop, db: {}, dbTasks: [{ ...starting, quietMs: 2000 }] },
    'waiting',
  ],
  [
    'crash loop: the database is silent inside its start period',
    { tasks: longLoop, db: { startPeriodMs: 300_000 }, dbTasks: [{ ...starting, quietMs: 100_000 }] },
    'waiting',
  ],
  [
    'crash loop: the database is silent after its start period',
    { tasks: longLoop, db: { startPeriodMs: 60_000 }, dbTasks: [{ ...starting, quietMs: 100_000 }] },
    'crash-loop',
  ],
  [
    'crash loop: the image of the database is still on its way',
    { tasks: longLoop, db: {}, dbTasks: [{ state: 'preparing' }] },
    'waiting',
  ],
  [
    'crash loop: a database without health check worked until a second ago',
    { tasks: loop, db: {}, dbTasks: [{ since: at(5), inStateMs: 20_000, quietMs: 1000 }] },
    'waiting',
  ],
  [
    'crash loop: a database without health check has been quiet since its start',
    { tasks: loop, db: {}, dbTasks: [{ since: at(5), inStateMs: 20_000, quietMs: 19_000 }] },
    'crash-loop',
  ],
  [
    'crash loop: a busy neighbour without health check counts as started after a minute',
    { tasks: [ended(70), ended(72), ended(74)], db: {}, dbTasks: [{ since: at(5), inStateMs: 80_000, quietMs: 0 }] },
    'crash-loop',
  ],

  ['rejected: an image that is not there', { tasks: [rejected('No such image: x:1')] }, 'image-unpullable'],
  [
    'rejected: a program that is not there',
    {
      tasks: [
        {
          ...ended(10, 127),
          error: 'starting container failed: OCI runtime create failed: exec: "/x": stat /x: no such file or directory',
        },
      ],
    },
    'task-rejected',
  ],
  ['rejected: a mount that cannot be', { tasks: [rejected('invalid mount config for type "bind"')] }, 'task-rejected'],
  ['rejected: no space left', { tasks: [rejected('write /x: no space left on device')] }, 'disk-full'],
  [
    'rejected: once, for a reason that may pass',
    { tasks: [rejected('network sandbox join failed'), { state: 'preparing' }] },
    'waiting',
  ],
  ['rejected: once, for a reason that passed', { tasks: [rejected('network sandbox join failed'), {}] }, 'ready'],
  [
    'rejected: once, and never tried again',
    { service: once, tasks: [rejected('network sandbox join failed')] },
    'task-rejected',
  ],
  [
    'rejected: twice for the same reason',
    { tasks: [rejected('network sandbox join failed'), rejected('network sandbox join failed', 20)] },
    'task-rejected',
  ],
  [
    'rejected: no address, once',
    { tasks: [rejected('node is missing network attachments, ip addresses may be exhausted')] },
    'waiting',
  ],
  [
    'rejected: no address, twice',
    {
      tasks: [10, 20].map((second) =>
        rejected('node is missing network attachments, ip addresses may be exhausted', second),
      ),
    },
    'address-pool-exhausted',
  ],
  ['address pool full: the task stays new', { tasks: [{ state: 'new', inStateMs: 11_000 }] }, 'address-pool-exhausted'],
  [
    'address pool full: the old task still holds an address',
    { tasks: [leaving, { state: 'new', inStateMs: 11_000 }] },
    'waiting',
  ],
  [
    'address pool full: the old task gave its address back a moment ago',
    {
      tasks: [
        { ...leaving, state: 'shutdown', inStateMs: 9000 },
        { state: 'new', inStateMs: 20_000 },
      ],
    },
    'waiting',
  ],
  ['address pool: a slow engine', { tasks: [{ state: 'new', inStateMs: 6000 }] }, 'waiting'],

  [
    'no node: constraints are final at once',
    { tasks: [pending('no suitable node (scheduling constraints not satisfied on 1 node)', 0)] },
    'no-suitable-node',
  ],
  [
    'no node: memory, just now',
    { tasks: [pending('no suitable node (insufficient resources on 1 node)', 1000)] },
    'waiting',
  ],
  [
    'no node: memory',
    { tasks: [pending('no suitable node (insufficient resources on 1 node)', 4000)] },
    'no-suitable-node',
  ],
  [
    'no node: memory that the old task still holds',
    { tasks: [leaving, pending('no suitable node (insufficient resources on 1 node)', 60_000)] },
    'waiting',
  ],
  [
    'no node: constraints on one, memory on the other, which something leaves',
    {
      tasks: [
        leaving,
        pending(
          'no suitable node (insufficient resources on 1 node; scheduling constraints not satisfied on 1 node)',
          60_000,
        ),
      ],
    },
    'waiting',
  ],
  ['no node: the scheduler has not spoken yet', { tasks: [pending('', 60_000)] }, 'waiting'],
  [
    'host port taken',
    { tasks: [pending('no suitable node (host-mode port already in use on 1 node)', 4000)] },
    'port-in-use',
  ],
  [
    'host port held by its own old task, which ended a moment ago: the scheduler has not looked again',
    {
      service: update('updating'),
      tasks: [
        { ...leaving, state: 'shutdown', inStateMs: 2900 },
        pending('no suitable node (host-mode port already in use on 1 node)', 12_000),
      ],
    },
    'waiting',
  ],
  [
    'host port taken by another since its own old task ended',
    {
      service: update('updating'),
      tasks: [
        { ...leaving, state: 'shutdown', inStateMs: 3000 },
        pending('no suitable node (host-mode port already in use on 1 node)', 12_000),
      ],
    },
    'port-in-use',
  ],
  [
    'host port still held by another service of the stack that leaves',
    {
      tasks: [pending('no suitable node (host-mode port already in use on 1 node)', 60_000)],
      db: {},
      dbTasks: [{}, { desired: 'shutdown', containerId: 'x' }],
    },
    'waiting',
  ],

  ['unhealthy at once: killed twice', { tasks: [unwell(10), unwell(20)] }, 'healthcheck-failing'],
  ['unhealthy: killed once, a first boot may be slow', { tasks: [unwell(10), { ...starting }] }, 'waiting'],
  ['unhealthy: killed once and never started again', { service: once, tasks: [unwell(10)] }, 'healthcheck-failing'],
  [
    'unhealthy: ended politely with 0, twice',
    {
      tasks: [10, 20].map((second) => ({ ...ended(second, 0), containerId: 'c' })),
      containers: [health('c', 'unhealthy', 3)],
    },
    'healthcheck-failing',
  ],
  [
    'unhealthy: its own number of probes counts',
    {
      service: { taskTemplate: { ContainerSpec: { Healthcheck: { Retries: 9 } } } },
      tasks: [10, 20].map((second) => ({ ...ended(second, 0), containerId: 'c' })),
      containers: [health('c', 'unhealthy', 3)],
    },
    'waiting',
  ],
  [
    'unhealthy after a while: it had been up, then was killed twice',
    { tasks: [unwell(10), unwell(70)], db: {}, dbTasks: [starting] },
    'healthcheck-failing',
  ],
  [
    'slow start inside start_period',
    { service: { startPeriodMs: 300_000 }, tasks: [starting], containers: [health('c', 'starting')] },
    'waiting',
  ],
  [
    'out of memory',
    { tasks: [{ ...ended(10, 137), containerId: 'c' }], containers: [{ ...CONTAINER, oomKilled: true }] },
    'oom-killed',
  ],

  ['stop-first update: not yet started', { tasks: [OLD] }, 'waiting'],
  [
    'stop-first update: the old task leaves',
    { service: update('updating'), tasks: [leaving, { state: 'preparing' }] },
    'waiting',
  ],
  ['start-first update: the new task beside the old one', { service: update('updating'), tasks: [OLD, {}] }, 'waiting'],
  ['update: both done, the engine still watches', { service: update('updating'), tasks: [{}] }, 'waiting'],
  ['update: completed', { service: update('completed'), tasks: [{}] }, 'ready'],
  ['update: of ports only, not yet started', { before: { endpointHash: 'other' }, tasks: [{}] }, 'waiting'],
  [
    'update: of ports only, of a service that runs nothing',
    { service: { replicas: 0 }, before: { endpointHash: 'other', replicas: 0 } },
    'ready',
  ],
  ['update: paused, all of it on the new spec', { service: update('paused'), tasks: [{}] }, 'ready'],
  [
    'update: paused with one of two on the old spec',
    { service: { ...update('paused'), replicas: 2 }, tasks: [{}, { ...OLD, slot: 2 }] },
    'update-paused',
  ],
  [
    'update: rolled back, labels restored, app serving',
    { service: update('rollback_completed'), tasks: [{}] },
    'rolled-back',
  ],
  ['update: being rolled back', { service: update('rollback_started'), tasks: [{}] }, 'rolled-back'],
  ['update: a rollback that failed too', { service: update('rollback_paused'), tasks: [{}] }, 'rolled-back'],
  [
    'update: the new task failed, the engine will say what follows',
    {
      service: { ...update('updating'), ...once, failureAction: 'rollback' },
      tasks: [OLD, { ...ended(10, 3), inStateMs: 300 }],
    },
    'waiting',
  ],
  [
    'update: the new task failed, and the engine lets it pass',
    {
      service: { ...update('updating'), ...once, failureAction: 'rollback' },
      tasks: [OLD, { ...ended(10, 3), inStateMs: 4000 }],
    },
    'one-shot-failed',
  ],
  [
    'update: the new task failed, the recipe asks to continue',
    { service: { ...update('updating'), failureAction: 'continue' }, tasks: loop },
    'crash-loop',
  ],
  [
    'update: of the placement only, the engine has had no time',
    { tasks: [{ templateHash: 'elsewhere' }], waitedMs: 500 },
    'waiting',
  ],
  ['update: of the placement only, the task may stay', { tasks: [{ templateHash: 'elsewhere' }] }, 'ready'],
  ['no-op update', { before: {}, tasks: [{}] }, 'ready'],
  [
    'old ends say nothing about the new spec',
    { service: update('completed'), tasks: [...loop.map((task) => ({ ...task, ...OLD })), {}] },
    'ready',
  ],

  ['zero replicas', { service: { replicas: 0 } }, 'ready'],
  ['zero replicas: the last task leaves', { service: { replicas: 0 }, tasks: [{ desired: 'shutdown' }] }, 'waiting'],
  ['zero replicas: what it came to before is history', { service: { replicas: 0 }, tasks: loop }, 'ready'],
  [
    'zero replicas beside a completed one-shot',
    { service: { replicas: 0 }, db: once, dbTasks: [ended(10, 0)] },
    'ready',
  ],
  [
    'dropped service: nobody waits for it',
    { tasks: [{}], db: {}, dbTasks: [{ state: 'preparing' }], expected: ['app'] },
    'ready',
  ],
  ['dropped service: its loop is its own', { tasks: [{}], db: {}, dbTasks: loop, expected: ['app'] }, 'ready'],
  ['service added at head: not there yet', { tasks: [{}], expected: ['app', 'db'] }, 'waiting'],
  ['service added at head: comes up beside a no-op', { before: {}, tasks: [{}], db: {}, dbTasks: [{}] }, 'ready'],
]

test.each(CASES)('%s', (_, look, answer) => {
  const found = decideConvergence(seen(look))
  expect(found.state === 'impossible' ? found.cause.code : found.state, JSON.stringify(found)).toBe(answer)
})

test('each case has a name of its own', () => {
  expect(new Set(CASES.map(([what]) => what)).size).toBe(CASES.length)
})

test('a start-first update that can only wait for its own old port is the recipe’s to fix', () => {
  const task = pending('no suitable node (host-mode port already in use on 1 node)', 4000)
  expect(
    decideConvergence(seen({ service: update('updating'), tasks: [{ ...OLD, containerId: 'o' }, task] })),
  ).toMatchObject({
    cause: { code: 'port-in-use', blame: 'recipe', hint: expect.stringContaining('stop-first') },
  })
})
