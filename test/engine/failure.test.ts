import { describe, expect, test } from 'vitest'
import { decideConvergence } from '../../src/engine/convergence/decide.ts'
import { convergenceFailure } from '../../src/engine/convergence/failure.ts'
import { MEMORY_LABEL, runMemoryExceeded } from '../../src/engine/convergence/out-of-memory.ts'
import type { ObservedTask } from '../../src/engine/convergence/snapshot.ts'
import { finalStartRefusal } from '../../src/engine/convergence/start-refusal.ts'
import { isOneShot } from '../../src/engine/convergence/task-exit.ts'
import type { ContainerState } from '../../src/engine/types.ts'
import { container, decided, failed, service, snapshot, task } from './seen.ts'
import { at } from './stack-look.ts'

/** Ended tasks of the service `name`, two seconds apart. */
const ends = (name: string, count: number, more: Parameters<typeof failed>[2] = {}) =>
  Array.from({ length: count }, (_, index) => failed(name, 10 + 2 * index, more))

function shown(seen: Parameters<typeof snapshot>[0]) {
  const look = snapshot(seen)
  const found = look.services.map((one) => convergenceFailure(look, one)).find((failure) => failure !== null)
  return found?.tasks.map(({ id }) => id)
}

/** A task of the older spec that an update has not replaced. */
const LEFT = task('app', { id: 'left', slot: 2, templateHash: 'old' })

describe('an update', () => {
  const update = (state: 'paused' | 'rollback_started' | 'rollback_paused' | 'rollback_completed' | 'completed') => ({
    services: [service('app', { update: { state, startedAt: null, message: '' } })],
  })
  const bad = failed('app', 30, { templateHash: 'bad', exitCode: 3 })

  test('that is paused half-way names how its new task ended, also where that is of the current spec', () => {
    const reason = 'update-paused of app: the update of app is paused: a new task ended with exit code 3'
    expect(decided({ ...update('paused'), tasks: [LEFT, bad] })).toBe(reason)
    expect(decided({ ...update('paused'), tasks: [LEFT, { ...bad, templateHash: 'new' }] })).toBe(reason)
    expect(decided({ ...update('paused'), tasks: [LEFT, task('app')] })).toBe(
      'update-paused of app: the update of app is paused',
    )
  })

  test.each([
    ['all of it runs the new spec', [failed('app', 30), task('app')], 'ready'],
    ['what is left of the old one has ended', [{ ...LEFT, state: 'failed' }, task('app')], 'ready'],
    ['what is left of the old one is on its way out', [{ ...LEFT, desired: 'shutdown' }], 'waiting'],
    ['its new task is being started again', [failed('app', 30), task('app', { state: 'starting' })], 'waiting'],
    ['its new task ends again and again', ends('app', 3), 'crash-loop'],
    ['a task of another service is left', [{ ...LEFT, serviceId: 'db-id' }, task('app')], 'ready'],
  ] as const)('that is paused decides nothing where %s', (_, tasks, answer) => {
    expect(decided({ ...update('paused'), tasks: tasks as readonly ObservedTask[] })).toMatch(new RegExp(`^${answer}`))
  })

  test.each([
    ['No such image: x:1', 'recipe'],
    ['Bind for 0.0.0.0:8080 failed: port is already allocated', 'infra'],
    ['no space left on device', 'infra'],
    ['unable to remount dir as readonly: mount tmpfs: device or resource busy', 'infra'],
    ['invalid mount config', 'recipe'],
  ])('is not blamed on the recipe where the machine refused its new task: %s', (error, blame) => {
    const tasks = [failed('app', 30, { templateHash: 'bad', state: 'rejected', error })]
    for (const state of ['paused', 'rollback_completed'] as const) {
      const look = snapshot({ ...update(state), tasks: [LEFT, ...tasks] })
      expect(convergenceFailure(look, look.services[0] ?? service('app'))?.blame).toBe(blame)
    }
    const ran = snapshot({ ...update('paused'), tasks: [LEFT, { ...bad, error }] })
    expect(convergenceFailure(ran, ran.services[0] ?? service('app'))?.blame).toBeUndefined()
  })

  test('that is rolled back because a folder of secrets was still in use is blamed on the engine', () => {
    const error = 'starting container failed: unable to remount dir as readonly: mount tmpfs: device or resource busy'
    const look = snapshot({ ...update('rollback_started'), tasks: [task('app'), { ...bad, exitCode: 128, error }] })
    const found = convergenceFailure(look, look.services[0] ?? service('app'))
    expect(found).toMatchObject({ code: 'rolled-back', blame: 'infra' })
  })

  test.each([
    ['rollback_started', 'rolls'],
    ['rollback_paused', 'rolls'],
    ['rollback_completed', 'rolled'],
  ] as const)('%s is a rollback', (state, rolls) => {
    const tasks = [
      failed('app', 20, { exitCode: 9 }),
      bad,
      failed('app', 40, { exitCode: 7 }),
      failed('db', 5),
      task('app'),
    ]
    expect(decided({ ...update(state), tasks })).toBe(
      `rolled-back of app: the engine ${rolls} app back (${state}): a new task ended with exit code 3`,
    )
    expect(shown({ ...update(state), tasks })).toEqual(['app-20', 'app-30', 'app-40'])
  })

  test('names the last failed task where all are of the spec it has again', () => {
    const tasks = [LEFT, failed('app', 20, { exitCode: 9 }), failed('app', 40, { exitCode: 7 })]
    expect(decided({ ...update('paused'), tasks })).toContain('exit code 7')
  })

  test('that completed is none, and a rollback counts though nothing is wanted', () => {
    expect(decided({ ...update('completed'), tasks: [task('app')] })).toBe('ready')
    const none = service('app', { replicas: 0, update: { state: 'rollback_completed', startedAt: null, message: '' } })
    expect(decided({ services: [none] })).toMatch(/^rolled-back/)
  })
})

test('what earlier tasks of a service came to that wants none is history', () => {
  expect(decided({ services: [service('app', { replicas: 0 })], tasks: ends('app', 6) })).toBe('ready')
})

describe('a task that is not placed', () => {
  const memory = 'no suitable node (insufficient resources on 1 node)'
  const pending = { state: 'pending', error: memory, inStateMs: 3000 } as const
  const refused = 'no-suitable-node of app: app: no suitable node'

  test.each<readonly [string, Partial<ObservedTask>, string]>([
    ['for 3 s', pending, refused],
    ['for less', { ...pending, inStateMs: 2999 }, 'waiting'],
    ['and nobody says why', { ...pending, error: '', inStateMs: 60_000 }, 'waiting'],
    ['for a port', { ...pending, error: 'host-mode Port already in use' }, 'port-in-use of app: app: host-mode Port'],
    ['any more', { ...pending, state: 'assigned', inStateMs: 60_000 } as const, 'waiting'],
    [
      'as its constraints cannot be met',
      { ...pending, error: `${refused} (scheduling constraints not satisfied on 1 node)`, inStateMs: 0 },
      'no-suitable-node',
    ],
    [
      'as no node has its platform',
      { ...pending, error: 'no suitable node (unsupported platform on 1 node)', inStateMs: 0 },
      'no-suitable-node',
    ],
    [
      'as a plugin is missing',
      { ...pending, error: 'no suitable node (missing plugin on 1 node)', inStateMs: 0 },
      'no-suitable-node',
    ],
    ...[
      'insufficient resources',
      'host-mode port already in use',
      'max replicas per node limit exceed',
      'not available for new tasks',
    ].map(
      (error) =>
        [
          `and for ${error} too`,
          { ...pending, error: `constraints not satisfied; ${error}`, inStateMs: 0 },
          'waiting',
        ] as const,
    ),
    [
      'as it has no address for 10 s',
      { state: 'new', inStateMs: 10_000 } as const,
      'address-pool-exhausted of app: a task of app got no network address for 10 s',
    ],
    ['as it is new', { state: 'new', inStateMs: 9_999 } as const, 'waiting'],
    ['as it was new for long', { state: 'pending', inStateMs: 60_000 } as const, 'waiting'],
  ])('%s', (_, state, expected) => {
    expect(decided({ tasks: [task('app', state)] }).slice(0, expected.length)).toBe(expected)
  })

  test.each([
    ['is on its way out', {}, 'waiting'],
    ['is removed', { desired: 'remove' }, 'waiting'],
    ['is of another service', { serviceId: 'db-id' }, 'waiting'],
    ['has ended', { state: 'shutdown' } as const, 'ends'],
    ['is to stay', { desired: 'running' }, 'ends'],
    ['never had a container', { containerId: null }, 'ends'],
  ])('while another task %s: %j %s', (_, more, expected) => {
    const leaving = task('app', { id: 'old', desired: 'shutdown', templateHash: 'old', containerId: 'c', ...more })
    const services = [service('app'), service('db', { replicas: 0 })]
    for (const stuck of [pending, { state: 'new', inStateMs: 20_000 } as const]) {
      expect(decided({ services, tasks: [leaving, task('app', stuck)] })).toMatch(
        expected === 'waiting' ? /^waiting/ : /^(no-suitable-node|address-pool-exhausted)/,
      )
    }
  })

  test('what ended just now and runs again in its place leaves nothing; another version of it may', () => {
    const ended = { id: 'old', serviceId: 'db-id', desired: 'shutdown', state: 'failed', containerId: 'c' } as const
    const gone = task('db', { ...ended, inStateMs: 100, exitCode: 1 })
    const services = [service('app'), service('db', { replicas: 0 })]
    const stuck = task('app', { state: 'pending', error: memory, inStateMs: 60_000 })
    const seen = (more: ObservedTask[]) => decided({ services, tasks: [gone, stuck, ...more] })
    const again = task('db', { id: 'again', serviceId: 'db-id', state: 'starting' })
    expect(seen([])).toMatch(/^waiting/)
    expect(seen([again])).toMatch(/^no-suitable-node/)
    for (const other of [{ templateHash: 'other' }, { nodeId: null }, { slot: 2 }, { state: 'failed' } as const])
      expect(seen([{ ...again, ...other }]), JSON.stringify(other)).toMatch(/^waiting/)
  })

  test('whatever leaves: constraints stay', () => {
    const leaving = task('app', { id: 'old', desired: 'shutdown', templateHash: 'old', containerId: 'c' })
    const stuck = task('app', { state: 'pending', error: 'constraints not satisfied on 1 node', inStateMs: 0 })
    expect(decided({ tasks: [leaving, stuck] })).toMatch(/^no-suitable-node/)
  })

  test('shows itself', () => {
    expect(shown({ tasks: [task('app', { id: 'n', state: 'new', inStateMs: 30_000 })] })).toEqual(['n'])
    expect(shown({ tasks: [task('app'), task('app', { id: 'p', ...pending })] })).toEqual(['p'])
  })

  describe('for a port', () => {
    const port = task('app', { ...pending, error: 'no suitable node (host-mode port already in use on 1 node)' })
    const old = (more: Parameters<typeof task>[1] = {}) =>
      task('app', { id: 'old', templateHash: 'old', containerId: 'c', ...more })

    test.each([
      ['that its own old task holds', old(), true],
      ['that its old task held', old({ state: 'shutdown' }), false],
      ['that its old task could not have got yet', old({ containerId: null }), false],
      ['that another service holds', { ...old(), serviceId: 'db-id' }, false],
      ['that a task of its own spec holds', old({ templateHash: 'new' }), false],
    ])('%s', (_, holder, own) => {
      const look = snapshot({ tasks: [holder, port] })
      const [app] = look.services
      const found = app && convergenceFailure(look, app)
      expect(found).toMatchObject({ code: 'port-in-use' })
      if (own)
        expect(found).toMatchObject({
          blame: 'recipe',
          hint: expect.stringContaining('stop-first'),
          message: expect.stringContaining('own old task'),
        })
      else expect(found?.blame).toBeUndefined()
    })
  })
})

describe('a global service without tasks', () => {
  const services = [service('app', { mode: 'global', replicas: null })]
  const unmade = 'no-suitable-node of app: app: the engine made no task of this global service'

  test.each([
    ['after 5 s', { services, waitedMs: 5000 }, unmade],
    ['before', { services, waitedMs: 4999 }, 'waiting'],
    [
      'whose old tasks have ended',
      { services, tasks: [task('app', { templateHash: 'old', state: 'shutdown' })] },
      unmade,
    ],
    ['whose old tasks have not', { services, tasks: [task('app', { templateHash: 'old' })] }, 'waiting'],
    ['but one that ended', { services, tasks: [failed('app', 10)] }, 'waiting'],
    ['beside tasks of another', { services: [...services, service('db')], tasks: [task('db')] }, unmade],
    ['that is a job', { services: [service('app', { mode: 'global-job', replicas: null })] }, unmade],
    ['that is not global', { services: [service('app')] }, 'waiting'],
  ] as const)('%s', (_, seen, expected) => {
    expect(decided(seen).slice(0, expected.length)).toBe(expected)
    if (expected === unmade) expect(shown(seen)).toEqual([])
  })
})

describe('a task that the engine did not start', () => {
  const refused = (error: string, more: Parameters<typeof failed>[2] = {}) =>
    failed('app', 10, { state: 'rejected', exitCode: null, error, ...more })
  const twice = (error: string, more: Parameters<typeof failed>[2] = {}) =>
    ['r1', 'r2'].map((id) => refused(error, { id, ...more }))

  test.each([
    ['No such image: x:1', 'image-unpullable'],
    ['manifest unknown', 'image-unpullable'],
    ['pull access denied for x', 'image-unpullable'],
    ['not found: manifest unknown', 'image-unpullable'],
    ['write /x: no space left on device', 'disk-full'],
    ['invalid mount config', 'task-rejected'],
    ['OCI runtime: exec: "x": not found', 'task-rejected'],
    ['exec format error', 'task-rejected'],
    ['stat /x: no such file or directory', 'task-rejected'],
    ['permission denied', 'task-rejected'],
    ['not a directory', 'task-rejected'],
  ])('%s: %s at once', (error, code) => {
    expect(decided({ tasks: [refused(error)] })).toBe(`${code} of app: a task of app was not started: ${error}`)
  })

  test.each([
    ['node is missing network attachments, ip addresses may be exhausted', 'address-pool-exhausted'],
    ['could not find an available IP while allocating', 'address-pool-exhausted'],
    ['could not find a free address pool', 'address-pool-exhausted'],
    ['no free address space', 'address-pool-exhausted'],
    ['pool overlaps: overlapping address', 'address-pool-exhausted'],
    ['Bind failed: port is already allocated', 'port-in-use'],
    ['address already in use', 'port-in-use'],
    ['host-mode port already in use', 'port-in-use'],
    ['network sandbox join failed', 'task-rejected'],
  ])('%s: %s at the second time, for it may pass', (error, code) => {
    expect(decided({ tasks: twice(error).slice(1) })).toMatch(/^waiting/)
    expect(decided({ tasks: twice(error) })).toBe(`${code} of app: a task of app was not started: ${error}`)
    expect(shown({ tasks: twice(error) })).toEqual(['r1', 'r2'])
  })

  test('is blamed on the engine where it is its own trouble', () => {
    for (const error of ['network sandbox join failed', 'unable to remount dir as readonly: device or resource busy']) {
      const look = snapshot({ tasks: twice(error) })
      expect(convergenceFailure(look, look.services[0] ?? service('app'))).toMatchObject({
        code: 'task-rejected',
        blame: 'infra',
      })
    }
  })

  test('what may pass has passed where its place runs now, and counts place by place', () => {
    const tasks = twice('network sandbox join failed')
    const [one, two] = tasks.map((row, index) => ({ ...row, slot: index + 1 }))
    if (!one || !two) throw new Error('two')
    const services = [service('app', { replicas: 2 })]
    expect(decided({ tasks: [...tasks, task('app')] })).toBe('ready')
    expect(decided({ tasks: [...tasks, ...tasks, task('app')] })).toBe('ready')
    expect(decided({ services, tasks: [...tasks, task('app', { slot: 2 })] })).toMatch(/^task-rejected/)
    expect(decided({ services, tasks: [one, two] })).toMatch(/^waiting/)
    expect(decided({ tasks: [...tasks, task('app', { state: 'preparing' })] })).toMatch(/^task-rejected/)
  })

  describe('for a port that a connection of the machine may have', () => {
    const taken = (port: number) =>
      `starting container failed: Error starting userland proxy: listen tcp4 0.0.0.0:${port}: bind: address already in use`
    const since = (port: number, ...seconds: readonly number[]) =>
      seconds.map((second) => failed('app', second, { exitCode: 128, error: taken(port) }))

    test.each([
      [32_767, [10, 16], 'port-in-use'],
      [32_768, [10, 16, 22, 28, 69], 'waiting'],
      [60_999, [10, 16, 22, 28, 69], 'waiting'],
      [40_000, [10, 16, 22, 28, 70], 'port-in-use'],
      [61_000, [10, 16], 'port-in-use'],
    ] as const)('%i, refused at %j s: %s', (port, seconds, expected) => {
      expect(decided({ tasks: since(port, ...seconds) }).slice(0, expected.length)).toBe(expected)
    })

    test('a hint says so, with the port, and none for any other port', () => {
      const hint = (tasks: readonly ObservedTask[]) => convergenceFailure(snapshot({ tasks }), service('app'))?.hint
      expect(hint(since(40_000, 10, 80))).toMatch(/^Stop what holds port 40000\. .*32768 to 60999/)
      expect(hint(since(8080, 10, 16))).toBeUndefined()
      const six = since(1, 10, 80).map((one) => ({
        ...one,
        error: 'starting container failed: bind [::]:40000/tcp: address already in use',
      }))
      expect(hint(six)).toContain('port 40000')
    })

    test('when the time is up it is what was missing; what was refused once, or runs now, is not', () => {
      const atLast = (...tasks: readonly ObservedTask[]) => finalStartRefusal(snapshot({ tasks }))?.code
      expect(atLast(...since(40_000, 10, 16))).toBe('port-in-use')
      expect(atLast(...since(40_000, 10))).toBeUndefined()
      expect(atLast(...since(40_000, 10, 16), task('app'))).toBeUndefined()
      expect(finalStartRefusal(snapshot({}))).toBeNull()
      const dropped = snapshot({ tasks: since(40_000, 10, 16) })
      expect(finalStartRefusal({ ...dropped, expected: new Map() })).toBeNull()
      for (const names of [['app', 'db'] as const, ['db', 'app'] as const]) {
        const services = names.map((name) => service(name))
        const seen = snapshot({ services, tasks: [task('db'), ...since(40_000, 10, 16)] })
        expect(finalStartRefusal(seen)?.service).toBe('app')
      }
    })

    test('another container is no connection', () => {
      const error = 'Bind for 0.0.0.0:40000 failed: port is already allocated'
      expect(decided({ tasks: twice(error) })).toMatch(/^port-in-use/)
    })

    test('once its attempts are used up nothing passes any more', () => {
      const services = [service('app', { restartMaxAttempts: 2 })]
      const next = task('app', { state: 'preparing' })
      expect(decided({ services, tasks: [...since(40_000, 10, 16), next] })).toMatch(/^waiting/)
      expect(decided({ services, tasks: since(40_000, 10, 16, 22) })).toMatch(/^port-in-use/)
      const once = [service('app', { restartMaxAttempts: 1 })]
      expect(decided({ services: once, tasks: [...since(40_000, 10), next] })).toMatch(/^waiting/)
    })
  })

  test('what is never tried again cannot pass', () => {
    const services = [service('app', { restartCondition: 'none' })]
    expect(decided({ services, tasks: [refused('network sandbox join failed')] })).toMatch(/^task-rejected/)
  })

  test.each(['starting container failed: x', 'runc create failed: x', 'OCI runtime create failed: x'])(
    'failed with "%s" before its program ran',
    (error) => {
      expect(decided({ tasks: twice(error, { state: 'failed' }) })).toMatch(/^task-rejected/)
      expect(decided({ tasks: [task('app', { error })] })).toBe('ready')
    },
  )

  test('the last refusal tells, of this service and its current spec only', () => {
    const tasks = [refused('invalid mount config'), refused('no space left on device', { id: 'later' })]
    expect(decided({ tasks })).toMatch(/^disk-full/)
    const other = { ...refused('invalid mount config'), unplacedHash: 'old' }
    expect(decided({ tasks: [other, task('app')] })).toBe('ready')
    expect(decided({ tasks: [{ ...refused('invalid mount config'), serviceId: 'db-id' }, task('app')] })).toBe('ready')
  })

  test('is what a paused update says of its new task', () => {
    const services = [service('app', { update: { state: 'paused', startedAt: null, message: '' } })]
    const said = 'update-paused of app: the update of app is paused: a new task was not started: '
    expect(decided({ services, tasks: [LEFT, refused('No such image')] })).toBe(`${said}No such image`)
    const runtime = failed('app', 10, { error: 'OCI runtime x' })
    expect(decided({ services, tasks: [LEFT, runtime] })).toBe(`${said}OCI runtime x`)
  })
})

describe('out of memory', () => {
  const killed = failed('app', 10, { containerId: 'c', exitCode: 137 })
  const oom = [container('c', { oomKilled: true })]

  test('is the cause at its first kill, and only of a task that failed', () => {
    expect(decided({ tasks: [killed, task('app')], containers: oom })).toBe(
      'oom-killed of app: app used more memory than it may',
    )
    expect(shown({ tasks: [killed, task('app')], containers: oom })).toEqual(['app-10'])
    expect(decided({ tasks: [killed, task('app')], containers: [container('c')] })).toBe('ready')
    expect(decided({ tasks: [task('app', { containerId: 'c' })], containers: oom })).toBe('ready')
    expect(decided({ tasks: [failed('app', 10), task('app')], containers: oom })).toBe('ready')
  })

  test.each([
    [
      'cc-ci',
      String(2 * 1024 ** 3),
      /^run-memory of app: app was killed .* the 512 MiB .* not the recipe's: the run has 2 GiB in all$/,
    ],
    ['the settings', 'setting', /^run-memory of app: app was killed .* the setting resources\.memory says it$/],
  ])('is not the recipe’s at a limit of %s, also where an update is given up for it', (_, source, says) => {
    const mine = service('app', {
      labels: { [MEMORY_LABEL]: source },
      taskTemplate: { Resources: { Limits: { MemoryBytes: 512 * 1024 ** 2 } } },
    })
    expect(decided({ services: [mine], tasks: [killed, task('app')], containers: oom })).toMatch(says)
    const update = { state: 'rollback_completed', startedAt: null, message: '' } as const
    expect(decided({ services: [{ ...mine, update }], tasks: [LEFT, killed], containers: oom })).toMatch(
      new RegExp(`${says.source.slice(0, -1)}; its update is rollback_completed$`),
    )
    expect(decided({ services: [{ ...mine, update }], tasks: [LEFT, killed], containers: [container('c')] })).toMatch(
      /^rolled-back of app/,
    )
  })

  test('of all services together comes before whatever is seen', () => {
    const imposed = {
      ...runMemoryExceeded('db', { heldBytes: 3 * 1024 ** 3, mostBytes: 2 * 1024 ** 3 }),
      service: 'db',
      tasks: [],
    }
    const found = decideConvergence({ ...snapshot({ tasks: [killed, task('app')], containers: oom }), imposed })
    expect(found).toMatchObject({
      state: 'impossible',
      cause: {
        code: 'run-memory',
        service: 'db',
        message: expect.stringContaining('used 3 GiB of memory, more than the 2 GiB'),
      },
    })
  })

  test('is what a paused update says of its new task', () => {
    const services = [service('app', { update: { state: 'paused', startedAt: null, message: '' } })]
    expect(decided({ services, tasks: [LEFT, killed], containers: oom })).toContain(
      'was killed because it used more memory than it may',
    )
  })
})

describe('a health check', () => {
  const health = (failingStreak: number): ContainerState['health'] => ({ status: 'unhealthy', failingStreak, log: [] })
  const unwell = ['a', 'b'].map((id) =>
    failed('app', 10, { id, error: 'task: non-zero exit (137): exec: Unhealthy container' }),
  )
  const checked = (more: Parameters<typeof service>[1] = {}) => ({
    services: [service('app', { hasHealthcheck: true, ...more })],
  })

  test('that fails twice is the cause; once is hope, but not where it is not started again', () => {
    const cause = 'healthcheck-failing of app: the health check of app failed until the engine killed its container'
    expect(decided({ ...checked(), tasks: unwell })).toBe(cause)
    expect(shown({ ...checked(), tasks: [...unwell, task('app')] })).toEqual(['a', 'b'])
    expect(decided({ ...checked(), tasks: [...unwell.slice(1), task('app')] })).toBe('ready')
    expect(decided({ ...checked({ restartCondition: 'none' }), tasks: unwell.slice(1) })).toBe(cause)
  })

  const quiet = (streak: number, state: 'failed' | 'complete' | 'shutdown' = 'complete') => ({
    tasks: ['a', 'b'].map((id) => failed('app', 10, { id, containerId: id, exitCode: 0, state })),
    containers: ['a', 'b'].map((id) => container(id, { health: health(streak) })),
  })
  const retries = (Retries?: number) => checked({ taskTemplate: { ContainerSpec: { Healthcheck: { Retries } } } })

  test.each([
    ['three failed probes, as the engine has it unless said', checked(), 3, 'healthcheck-failing'],
    ['two', checked(), 2, 'waiting'],
    ['three of five', retries(5), 3, 'waiting'],
    ['five of five', retries(5), 5, 'healthcheck-failing'],
    ['three of 0, which is the default', retries(0), 3, 'healthcheck-failing'],
    ['one of one', retries(1), 1, 'healthcheck-failing'],
    ['three of an image’s own check', checked({ taskTemplate: { ContainerSpec: {} } }), 3, 'healthcheck-failing'],
  ])('of a program that ends politely fails by the number of probes: %s', (_, services, streak, expected) => {
    expect(decided({ ...services, ...quiet(streak) })).toMatch(new RegExp(`^${expected}`))
    expect(decided({ ...services, ...quiet(streak, 'failed') })).toMatch(new RegExp(`^${expected}`))
  })

  test('is not asked of a task that was told to stop, or that still runs, or that has no container', () => {
    const stopped = quiet(3, 'shutdown')
    const reported = stopped.tasks.map((one) => ({ ...one, inStateMs: 1000 }))
    expect(decided({ ...checked(), ...stopped, tasks: reported })).toMatch(/^waiting/)
    const { containers } = quiet(3)
    const running = ['a', 'b'].map((id) => task('app', { id, containerId: id, error: 'unhealthy' }))
    expect(decided({ ...checked({ replicas: 2 }), tasks: running, containers })).toBe('ready')
    const lost = failed('app', 10, { state: 'complete', exitCode: 0 })
    expect(decided({ ...checked(), tasks: [lost, { ...lost, id: 'x' }], containers })).toMatch(/^waiting/)
    expect(decided({ ...checked(), tasks: quiet(3).tasks })).toMatch(/^waiting/)
  })

  test('is what a paused update says of its new task', () => {
    const paused = checked({ update: { state: 'paused', startedAt: null, message: '' } })
    const tasks = [LEFT, ...unwell]
    expect(decided({ ...paused, tasks })).toContain('a new task was killed because its health check failed')
  })
})

describe('a one-shot', () => {
  const once = { services: [service('app', { restartCondition: 'none' })] }

  test('that fails is the cause at once, with how it ended', () => {
    expect(decided({ ...once, tasks: [failed('app', 10, { exitCode: 3 })] })).toBe(
      'one-shot-failed of app: app ended with exit code 3 and will not be started again',
    )
    expect(shown({ ...once, tasks: [failed('app', 10), failed('app', 12, { templateHash: 'old' })] })).toEqual([
      'app-10',
    ])
  })

  test('has its exit code from the container where the task has none', () => {
    const end = failed('app', 10, { exitCode: null, containerId: 'c' })
    expect(decided({ ...once, tasks: [end], containers: [container('c', { exitCode: 4 })] })).toContain('exit code 4')
    expect(decided({ ...once, tasks: [end] })).toContain('exit code ?')
  })

  test.each(['replicated-job', 'global-job'] as const)(
    'as a %s is started again: the third end is the cause',
    (mode) => {
      const services = [service('app', { mode, restartCondition: 'on-failure' })]
      expect(decided({ services, tasks: ends('app', 2) })).toMatch(/^waiting/)
      expect(decided({ services, tasks: ends('app', 3) })).toMatch(/^one-shot-failed/)
    },
  )

  test('may complete: a job, one without restarts, and what nobody is to reach', () => {
    const on = (more: Parameters<typeof service>[1]) =>
      isOneShot(service('app', { restartCondition: 'on-failure', ...more }))
    expect(on({})).toBe(true)
    expect(on({ hasHealthcheck: true })).toBe(false)
    expect(on({ ports: [{ target: 80, published: 80, protocol: 'tcp', mode: 'host' }] })).toBe(false)
    for (const kind of ['http', 'tcp', 'udp'])
      expect(on({ labels: { [`traefik.${kind}.routers.x.rule`]: 'x' } })).toBe(false)
    expect(on({ labels: { 'traefik.enable': 'true', 'my.traefik.http.x': '1' } })).toBe(true)
    expect(on({ restartCondition: 'any' })).toBe(false)
    expect(on({ restartCondition: 'none', hasHealthcheck: true })).toBe(true)
    expect(on({ restartCondition: 'none', labels: { 'traefik.http.routers.x.rule': 'x' } })).toBe(false)
    expect(on({ mode: 'global-job', restartCondition: 'any' })).toBe(true)
  })
})

describe('a crash loop', () => {
  test('is three ends in a row with the same sign', () => {
    expect(decided({ tasks: ends('app', 2) })).toMatch(/^waiting/)
    expect(decided({ tasks: ends('app', 3, { exitCode: 3 }) })).toBe(
      'crash-loop of app: app ended 3 times: it ended with exit code 3',
    )
    expect(shown({ tasks: [...ends('app', 3), task('app')] })).toEqual(['app-10', 'app-12', 'app-14'])
  })

  test.each([
    ['another exit code', [{ exitCode: 1 }, { exitCode: 1 }, { exitCode: 2 }], 'waiting'],
    ['another error', [{ error: 'a' }, { error: 'a' }, { error: 'b' }], 'waiting'],
    ['another state', [{}, {}, { state: 'complete' }], 'waiting'],
    [
      'another container in the error',
      [
        { error: 'container 0123456789ab' },
        { error: 'container ba9876543210' },
        { error: 'container 0123456789abcdef' },
      ],
      'crash-loop',
    ],
    [
      'a short number in the error',
      [{ error: 'code 0123456789a' }, { error: 'code ba987654321' }, { error: 'code 0' }],
      'waiting',
    ],
  ] as const)('%s: %j', (_, signs, expected) => {
    const tasks = signs.map((sign, index) => failed('app', 10 + 2 * index, sign))
    expect(decided({ tasks })).toMatch(new RegExp(`^${expected}`))
  })

  test('is of a server that ends with 0 again and again, not of a task that was told to stop', () => {
    expect(decided({ tasks: ends('app', 3, { state: 'complete', exitCode: 0 }) })).toMatch(/^crash-loop/)
    expect(decided({ tasks: ends('app', 3, { state: 'shutdown', inStateMs: 1000 }) })).toMatch(/^waiting/)
    expect(decided({ tasks: ends('app', 6, { templateHash: 'old' }) })).toMatch(/^waiting/)
  })

  const services = [service('app'), service('db')]
  const dbUp = (second: number, more = {}) => task('db', { since: at(second), ...more })
  const silent = { state: 'starting', inStateMs: 60_000 } as const

  test.each([
    ['before its database was up', [dbUp(40)], 5, 'waiting'],
    ['beside a database that was up before', [dbUp(9)], 3, 'crash-loop'],
    ['of which three began after', [dbUp(12)], 4, 'crash-loop'],
    ['of which the first ended when the database came up', [dbUp(11)], 3, 'waiting'],
    ['of which the first ended a second after', [dbUp(10)], 3, 'crash-loop'],
    ['beside a database that is silent after its start', [dbUp(9, { ...silent, quietMs: 30_000 })], 6, 'crash-loop'],
    ['beside a database that is silent after its start', [dbUp(9, { ...silent, quietMs: 30_000 })], 5, 'waiting'],
    ['beside a database that is silent for less', [dbUp(9, { ...silent, quietMs: 29_999 })], 6, 'waiting'],
    ['beside a database that nobody can look into', [dbUp(9, { ...silent, quietMs: null })], 6, 'waiting'],
    ['beside a database that is on its way', [dbUp(9, { state: 'preparing', quietMs: 60_000 })], 6, 'waiting'],
    ['beside a database that has no task', [], 6, 'waiting'],
    ['beside a database that is not up', [dbUp(9, { state: 'starting' })], 5, 'waiting'],
    ['beside one that completed', [dbUp(9, { state: 'complete' })], 3, 'crash-loop'],
    ['six times, before its database came up', [dbUp(40)], 6, 'waiting'],
    [
      'beside a database that was there, and came up again later',
      [dbUp(5, { id: 'd1' }), dbUp(40, { id: 'd2' })],
      5,
      'waiting',
    ],
    ['beside a task of the old database', [dbUp(5, { templateHash: 'old' })], 5, 'waiting'],
  ])('%s', (_, db, times, expected) => {
    expect(decided({ services, tasks: [...db, ...ends('app', times)] })).toMatch(new RegExp(`^${expected}`))
  })

  const oneShot = [service('app'), service('db', { restartCondition: 'none' })]
  test.each([
    ['after a one-shot that completed before', { since: at(9) }, 'crash-loop'],
    ['before a one-shot completed', { since: at(40) }, 'waiting'],
  ])('%s', (_, completed, expected) => {
    const done = task('db', { state: 'complete', desired: 'shutdown', exitCode: 0, ...completed })
    expect(decided({ services: oneShot, tasks: [done, ...ends('app', 3)] })).toMatch(new RegExp(`^${expected}`))
  })

  // The database was up at second 20.
  test.each([
    ['began then, and ended at once', 20, 20.5, 'crash-loop'],
    ['began just before, and ended at once', 19.999, 20.5, 'waiting'],
    ['began long before, and ended a second after', 5, 21, 'crash-loop'],
    ['began long before, and ended less than a second after', 5, 20.999, 'waiting'],
  ])('of tasks each of which %s', (_, began, ended, expected) => {
    const tasks = ends('app', 3).map((end) => ({ ...end, createdAt: at(began), since: at(ended) }))
    expect(decided({ services, tasks: [dbUp(20), ...tasks] })).toMatch(new RegExp(`^${expected}`))
  })

  test('is told by its last end, whatever ended before', () => {
    const before = ends('app', 2, { exitCode: 9 })
    const now = [20, 22, 24].map((second) => failed('app', second, { exitCode: null, containerId: `c${second}` }))
    const containers = [20, 22, 24].map((second) => container(`c${second}`, { exitCode: second }))
    expect(decided({ tasks: [...before, ...now], containers })).toBe(
      'crash-loop of app: app ended 3 times: it ended with exit code 24',
    )
  })

  test('is in one place: ends of different tasks of a service are no loop', () => {
    const two = [service('app', { replicas: 2 })]
    const tasks = [10, 12, 14, 16].map((second, index) => failed('app', second, { slot: 1 + (index % 2) }))
    expect(decided({ services: two, tasks })).toMatch(/^waiting/)
    expect(decided({ services: two, tasks: [...tasks, failed('app', 18, { slot: 1 })] })).toMatch(/^crash-loop/)
  })

  test('does not wait for services that want nothing, or that loop themselves', () => {
    const off = [service('app'), service('db', { replicas: 0 })]
    expect(decided({ services: off, tasks: ends('app', 3) })).toMatch(/^crash-loop/)
    const both = [...ends('db', 1), ...ends('app', 3)]
    expect(decided({ services, tasks: both })).toMatch(/^crash-loop of app/)
  })

  test('beside two databases needs both to be silent, and past their start period', () => {
    const three = [...services, service('cache', { startPeriodMs: 60_000 })]
    const [db, cache] = ['db', 'cache'].map((name) => task(name, { ...silent, quietMs: 40_000 }))
    if (!db || !cache) throw new Error('two')
    const loop = ends('app', 6)
    expect(decided({ services: three, tasks: [db, cache, ...loop] })).toMatch(/^crash-loop/)
    expect(decided({ services: three, tasks: [db, { ...cache, inStateMs: 59_999 }, ...loop] })).toMatch(/^waiting/)
    expect(decided({ services: three, tasks: [db, { ...cache, quietMs: 0 }, ...loop] })).toMatch(/^waiting/)
    expect(decided({ services: three, tasks: [db, ...loop] })).toMatch(/^waiting/)
  })

  test('counts from the service that was up last', () => {
    const three = [...services, service('cache')]
    const tasks = [dbUp(9), task('cache', { since: at(13) }), ...ends('app', 4)]
    expect(decided({ services: three, tasks })).toMatch(/^waiting/)
    expect(decided({ services: three, tasks: [...tasks, failed('app', 18)] })).toMatch(/^crash-loop/)
  })
})

describe('a service that nothing starts again', () => {
  const last = { inStateMs: 2000 }
  const server = { services: [service('app', { restartCondition: 'on-failure', hasHealthcheck: true })] }
  const done = failed('app', 10, { state: 'complete', exitCode: 0, ...last })

  test('is stranded when it is a server that ended with 0', () => {
    expect(decided({ ...server, tasks: [done] })).toMatch(
      /^service-stranded of app: app is a server, but it ended with 0/,
    )
    expect(shown({ ...server, tasks: [failed('app', 5), done] })).toEqual(['app-10'])
    expect(decided({ ...server, tasks: [{ ...done, inStateMs: 1999 }] })).toMatch(/^waiting/)
    expect(decided({ ...server, tasks: [done, task('app', { state: 'starting' })] })).toMatch(/^waiting/)
    expect(decided({ services: [service('app')], tasks: [done] })).toMatch(/^waiting/)
  })

  test('is not stranded when it failed, or when its end was asked for', () => {
    expect(decided({ ...server, tasks: [failed('app', 10, last)] })).toMatch(/^waiting/)
    expect(decided({ ...server, tasks: [{ ...done, state: 'shutdown' }] })).toMatch(/^waiting/)
  })

  test('is stranded in each of its places', () => {
    const global = service('app', {
      restartCondition: 'on-failure',
      hasHealthcheck: true,
      mode: 'global',
      replicas: null,
    })
    const [here, there] = ['n1', 'n2'].map((nodeId) => ({ ...done, id: nodeId, slot: null, nodeId }))
    if (!here || !there) throw new Error('two')
    const again = { ...here, id: 'n1-again', state: 'running', desired: 'running' } as const
    expect(decided({ services: [global], tasks: [here, again] })).toBe('ready')
    expect(decided({ services: [global], tasks: [here, there, again] })).toMatch(/^service-stranded/)
    expect(shown({ services: [global], tasks: [here, there, again] })).toEqual(['n2'])
    const toBeStartedAgain = { ...here, state: 'failed' } as const
    expect(shown({ services: [global], tasks: [toBeStartedAgain, there] })).toEqual(['n2'])
  })

  const tries = (restartMaxAttempts: number | null) => ({ services: [service('app', { restartMaxAttempts })] })
  const two = [failed('app', 10), failed('app', 12, { exitCode: 2, ...last })]

  test('has used up its restarts', () => {
    expect(decided({ ...tries(1), tasks: two })).toBe(
      'crash-loop of app: app ended with exit code 2; its 1 restart is used up',
    )
    expect(shown({ ...tries(1), tasks: two })).toEqual(['app-10', 'app-12'])
    expect(decided({ ...tries(2), tasks: two })).toMatch(/^waiting/)
    const asked = failed('app', 11, { state: 'shutdown' })
    expect(decided({ ...tries(1), tasks: [asked, failed('app', 12, last)] })).toMatch(/^waiting/)
    const once = service('app', { restartMaxAttempts: 1, restartCondition: 'on-failure' })
    expect(decided({ services: [once], tasks: two })).toMatch(
      /^one-shot-failed of app: app ended with exit code 2; its 1/,
    )
    expect(decided({ ...tries(null), tasks: two })).toMatch(/^waiting/)
    expect(decided({ ...tries(0), tasks: [failed('app', 10, last)] })).toMatch(/^crash-loop/)
    expect(decided({ ...tries(1), tasks: [...two, done] })).toMatch(/^waiting/)
    expect(decided({ ...tries(0), tasks: [failed('app', 10, { state: 'shutdown', ...last })] })).toMatch(/^waiting/)
  })

  test('is not there before its first task', () => {
    expect(decided({ ...tries(0), tasks: [] })).toMatch(/^waiting/)
  })

  describe('because the engine makes no other task', () => {
    const stopped = failed('app', 12, { state: 'shutdown', inStateMs: 15_000 })
    const stopsAfter = { tasks: [failed('app', 10), stopped] }

    test('is named with what is used up', () => {
      expect(decided({ ...tries(1), ...stopsAfter })).toBe(
        'service-stranded of app: the engine starts no other task of app: its 1 restart is used up',
      )
      expect(shown({ ...tries(1), ...stopsAfter })).toEqual(['app-10'])
      expect(decided({ ...tries(2), ...stopsAfter })).toBe(
        'service-stranded of app: the engine starts no other task of app',
      )
      expect(shown({ ...tries(null), ...stopsAfter })).toEqual(['app-12'])
    })

    test('is named beside others that run, and by how many restarts there were', () => {
      const beside = { services: [service('app'), service('db')], tasks: [...stopsAfter.tasks, task('db')] }
      expect(decided(beside)).toBe('service-stranded of app: the engine starts no other task of app')
      expect(decided({ ...tries(1), tasks: [failed('app', 8), ...stopsAfter.tasks] })).toMatch(
        /: its 1 restart is used up$/,
      )
      expect(decided({ ...tries(2), tasks: [failed('app', 8), ...stopsAfter.tasks] })).toMatch(
        /: its 2 restarts are used up$/,
      )
    })

    test('is named too when the engine has forgotten what was stopped', () => {
      const left = [failed('app', 10, { inStateMs: 15_000 })]
      expect(decided({ ...tries(1), tasks: left })).toMatch(/^service-stranded of app: .* used up$/)
      expect(decided({ ...tries(2), tasks: left })).toMatch(/^waiting/)
      expect(decided({ ...tries(null), tasks: left })).toMatch(/^waiting/)
      expect(decided({ ...tries(1), waitedMs: 14_999, tasks: left })).toMatch(/^waiting/)
    })

    test.each([
      ['may still make one', { waitedMs: 14_999, ...stopsAfter }],
      ['may still make one: its end is new', { tasks: [failed('app', 10), { ...stopped, inStateMs: 14_999 }] }],
      ['has made one', { tasks: [...stopsAfter.tasks, task('app', { state: 'new', inStateMs: 1000 })] }],
      ['still has one of the older spec', { tasks: [...stopsAfter.tasks, { ...LEFT, slot: 1 }] }],
    ])('is not said while the engine %s', (_, seen) => {
      expect(decided({ ...tries(1), ...seen })).toMatch(/^waiting/)
    })

    test('is not said during an update, of a job, or of a one-shot that is done', () => {
      const update = { state: 'updating', startedAt: null, message: '' } as const
      expect(decided({ services: [service('app', { update })], ...stopsAfter })).toMatch(/^waiting/)
      const job = service('app', { mode: 'replicated-job', restartCondition: 'on-failure' })
      expect(decided({ services: [job], tasks: [stopped] })).toMatch(/^waiting/)
      const once = service('app', { restartCondition: 'none' })
      const completed = failed('app', 14, { state: 'complete', exitCode: 0, inStateMs: 15_000 })
      expect(decided({ services: [once], tasks: [stopped, completed] })).toBe('ready')
    })
  })
})
