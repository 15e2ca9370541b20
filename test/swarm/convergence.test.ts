import { expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { type ConvergeResult, converge } from '../../src/engine/convergence/converge.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import type { ComposeService } from '../../src/recipe/model.ts'
import type { CauseCode } from '../../src/verdict/causes.ts'
import { cuttingEngine } from './support/cutting-engine.ts'
import { FOREVER, IMAGE, type ScratchStack, scratchStack, sh } from './support/scratch-stack.ts'

const engine = await Engine.connect()
const quick = { delay: '1s', condition: 'any' }
const routed = { 'traefik.http.routers.x.rule': 'Host(`x`)' }
/** From the sign that decides to the verdict: below 5 s where the machine has little else to do (scripts/bench/time-to-verdict.ts measures it), and far below any deadline here. */
const VERDICT_MS = 30_000

function causeOf(result: ConvergeResult) {
  if (result.state !== 'impossible') throw new Error(`converged: ${JSON.stringify(result.value.tasks)}`)
  return result.cause
}

/** Older clients, such as Debian's 20.10, deploy no stack with a job: there the same tests run without them. */
const { stdout: client } = await docker(['version', '--format', '{{.Client.Version}}'])
const CLIENT_KNOWS_JOBS = Number.parseInt(client, 10) >= 25

function whereJobs<T extends object>(services: T): Partial<T> {
  return CLIENT_KNOWS_JOBS ? services : {}
}

function convergedOf(result: ConvergeResult) {
  if (result.state !== 'ready') throw new Error(JSON.stringify(result.cause, null, 1))
  return result.value
}

/** Waits for some services of a stack alone, as if the others were not there. */
function waitFor(stack: ScratchStack, ...names: string[]): Promise<ConvergeResult> {
  return converge(engine, { stack: stack.stack, expected: names.map((service) => ({ service })), timeoutMs: 120_000 })
}

test.concurrent('one-shots, jobs, global services, slow starters and services that run nothing converge together', async () => {
  await using stack = scratchStack(engine)
  const wakesUp = { test: ['CMD', 'test', '-e', '/up'], interval: '1s', retries: 1, start_period: '60s' }
  const result = await stack.up(
    {
      agent: sh(FOREVER, { mode: 'global' }),
      app: sh(FOREVER),
      ...whereJobs({
        'each-node': sh('exit 0', { mode: 'global-job', restart_policy: { condition: 'none' } }),
        job: sh('sleep 3', { mode: 'replicated-job', restart_policy: { condition: 'on-failure' } }),
      }),
      later: sh('exit 1', { replicas: 0 }),
      migrate: sh('exit 0', { restart_policy: { condition: 'none' } }),
      seed: sh('sleep 1', { restart_policy: { condition: 'on-failure' } }),
      slow: sh(`sleep 8; touch /up; ${FOREVER}`, {}, { healthcheck: wakesUp }),
    },
    { timeoutMs: 120_000 },
  )
  const { tasks, updates } = convergedOf(result)
  expect(tasks.map(({ service, state }) => `${service} ${state}`)).toEqual([
    'agent running',
    'app running',
    ...(CLIENT_KNOWS_JOBS ? ['each-node complete', 'job complete'] : []),
    'migrate complete',
    'seed complete',
    'slow running',
  ])
  expect(updates.every(({ state }) => state === 'created')).toBe(true)
})

const port = (published: number) => [{ target: 80, published, protocol: 'tcp', mode: 'host' as const }]
const never = { test: ['CMD', 'false'], interval: '90s' }
const bad = { test: ['CMD-SHELL', 'echo not well; exit 1'], interval: '1s', timeout: '20s', retries: 2 }
const wellAtFirst = { test: ['CMD', 'test', '!', '-e', '/bad'], interval: '1s', retries: 1 }

/** What the service is, the cause that it alone must end with, and what the decisive lines must show. */
const FAULTS: Record<string, readonly [ComposeService, CauseCode, RegExp]> = {
  loop: [sh('echo no database; exit 3', { restart_policy: quick }), 'crash-loop', /^log: no database$/m],
  zeros: [sh('exit 0', { restart_policy: quick, labels: routed }), 'crash-loop', / complete exit 0 /],
  'used-up': [
    sh('exit 4', { restart_policy: { condition: 'on-failure', max_attempts: 1, delay: '0s' }, labels: routed }),
    'crash-loop',
    /failed exit 4/,
  ],
  'ends-with-0': [
    sh('exit 0', { restart_policy: { condition: 'on-failure' }, labels: routed }),
    'service-stranded',
    /complete/,
  ],
  'never-again': [
    sh('exit 0', { restart_policy: { condition: 'none' }, labels: routed }),
    'service-stranded',
    /complete/,
  ],
  migrate: [
    sh('echo cannot migrate >&2; exit 7', { restart_policy: { condition: 'none' } }),
    'one-shot-failed',
    /^log: cannot migrate$/m,
  ],
  seed: [
    sh('exit 3', { restart_policy: { condition: 'on-failure', max_attempts: 1, delay: '0s' } }),
    'one-shot-failed',
    /failed exit 3/,
  ],
  job: [
    sh('exit 5', { mode: 'replicated-job', restart_policy: { condition: 'none' } }),
    'one-shot-failed',
    /failed exit 5/,
  ],
  'no-program': [{ image: IMAGE, command: ['/nowhere'] }, 'task-rejected', /\/nowhere/],
  'no-mount': [
    sh(FOREVER, {}, { volumes: [{ type: 'bind', source: '/never/made', target: '/d' }] }),
    'task-rejected',
    /rejected.*invalid mount config/,
  ],
  'no-node': [
    sh(FOREVER, { placement: { constraints: ['node.labels.nowhere == yes'] } }),
    'no-suitable-node',
    /constraints not satisfied/,
  ],
  'no-memory': [
    sh(FOREVER, { resources: { reservations: { memory: '900G' } } }),
    'no-suitable-node',
    /insufficient resources/,
  ],
  nowhere: [
    sh(FOREVER, { mode: 'global', placement: { constraints: ['node.labels.nowhere == yes'] } }),
    'no-suitable-node',
    /^$/,
  ],
  'port-taken': [sh(FOREVER, { replicas: 2 }, { ports: port(18_973) }), 'port-in-use', /port already in use/],
  eats: [
    sh(
      'x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done',
      { resources: { limits: { memory: '12M' } } },
      { healthcheck: never },
    ),
    'oom-killed',
    /out of memory/,
  ],
  unwell: [sh(FOREVER, { restart_policy: quick }, { healthcheck: bad }), 'healthcheck-failing', /not well/],
}

test.concurrent('every service that will not come up is told with its cause, within seconds of the sign that decides', async () => {
  await using stack = scratchStack(engine)
  const known = Object.entries(FAULTS).filter(([name]) => name !== 'job' || CLIENT_KNOWS_JOBS)
  const services = known.map(([name, [service]]) => [name, service] as const)
  // Was up, and no more when what it waits beside is still starting.
  const fades = sh(`sleep 4; touch /bad; ${FOREVER}`, { restart_policy: quick }, { healthcheck: wellAtFirst })
  const starts = sh(FOREVER, {}, { healthcheck: { test: ['CMD', 'false'], interval: '90s', start_period: '300s' } })
  await stack.deploy({ ...Object.fromEntries(services), fades, starts })
  const cutting = await cuttingEngine()
  await using _proxy = cutting
  const watched = { stack: stack.stack, timeoutMs: 120_000 }
  const [alone, faded, cut] = await Promise.all([
    Promise.all(services.map(([name]) => waitFor(stack, name).then((result) => ({ name, result, at: Date.now() })))),
    waitFor(stack, 'fades', 'starts'),
    converge(cutting.engine, { ...watched, expected: [{ service: 'loop' }] }),
  ])
  for (const { name, result, at } of alone) {
    const [, code, shown] = FAULTS[name] ?? []
    const cause = causeOf(result)
    expect({ name, code: cause.code, service: cause.service }).toEqual({ name, code, service: name })
    expect(cause.lines.join('\n')).toMatch(shown ?? /^$/)
    const decided = Math.max(
      ...cause.lines.map((line) => Date.parse(/ at (\S+?Z?):? /.exec(`${line} `)?.[1] ?? '')).filter(Number.isFinite),
    )
    if (Number.isFinite(decided)) expect(at - decided, name).toBeLessThan(VERDICT_MS)
  }
  expect(causeOf(faded)).toMatchObject({ code: 'healthcheck-failing', service: 'fades' })
  expect(causeOf(cut)).toMatchObject({ code: 'crash-loop', service: 'loop' })
  expect(cutting.cuts()).toBeGreaterThan(0)
})

test.concurrent('an app that ends until its database is up is no crash loop, however often', async () => {
  await using stack = scratchStack(engine)
  const volumes = [{ type: 'volume' as const, source: 'd', target: '/d' }]
  const healthcheck = { test: ['CMD', 'test', '-e', '/d/up'], interval: '1s', retries: 900 }
  const result = await stack.up(
    {
      app: sh(`echo >> /d/tries; test -e /d/up || exit 3; ${FOREVER}`, { restart_policy: quick }, { volumes }),
      db: sh(
        `until test "$(wc -l < /d/tries)" -gt 6; do sleep 1; echo init $(date +%s | tr 0-9 a-j); done; touch /d/up; ${FOREVER}`,
        {},
        { healthcheck, volumes },
      ),
    },
    { model: { volumes: { d: {} } }, timeoutMs: 180_000 },
  )
  expect(convergedOf(result).tasks.map(({ service }) => service)).toEqual(['app', 'db'])
})

test.concurrent('an app that ends because its database never comes up names the database', async () => {
  await using stack = scratchStack(engine)
  const healthcheck = { test: ['CMD', 'false'], interval: '60s', retries: 9 }
  const result = await stack.up({
    app: sh('echo no database; exit 3', { restart_policy: quick }),
    db: sh(`echo waiting for a disk; ${FOREVER}`, {}, { healthcheck }),
  })
  const cause = causeOf(result)
  expect(cause).toMatchObject({ code: 'crash-loop', service: 'app' })
  expect(cause.message).toContain('meanwhile not up: db: 0/1 running (starting, health check starting')
  expect(cause.lines).toContain('db: log: waiting for a disk')
  expect(cause.lines).toContain('log: no database')
})

test.concurrent('an address pool that is full', async () => {
  await using stack = scratchStack(engine)
  const networks = { tiny: { ipam: { config: [{ subnet: '198.18.97.0/30' }] } } }
  const cause = causeOf(
    await stack.up({ app: sh(FOREVER, { replicas: 3 }, { networks: { tiny: null } }) }, { model: { networks } }),
  )
  expect(cause).toMatchObject({ code: 'address-pool-exhausted', service: 'app', blame: 'infra' })
})

test.concurrent('a start that continues saying something new is waited for beyond the deadline', async () => {
  await using stack = scratchStack(engine)
  const starts = `for word in one two three four five six; do echo migrated $word; sleep 4; done; touch /up; ${FOREVER}`
  const healthcheck = { test: ['CMD', 'test', '-e', '/up'], interval: '1s', retries: 900 }
  const result = await stack.up({ app: sh(starts, {}, { healthcheck }) }, { timeoutMs: 20_000 })
  expect(convergedOf(result).tasks).toHaveLength(1)
  expect(result.waitedMs).toBeGreaterThan(20_000)
})

test.concurrent('the deadline names what was missing', async () => {
  await using stack = scratchStack(engine)
  const healthcheck = { test: ['CMD', 'false'], interval: '60s', retries: 9 }
  const cause = causeOf(await stack.up({ app: sh(FOREVER, {}, { healthcheck }) }, { timeoutMs: 20_000 }))
  expect(cause).toMatchObject({ code: 'not-converged', service: 'app' })
  expect(cause.message).toContain('health check starting')
})

test.concurrent('an update in place: replaced, moved, added, dropped, done again; the same once more is a no-op', async () => {
  await using stack = scratchStack(engine)
  const update_config = { monitor: '1s' }
  const startFirst = { update_config: { monitor: '1s', order: 'start-first' } }
  const ports = [{ target: 80, published: 18_974, protocol: 'tcp', mode: 'ingress' as const }]
  const job = sh(
    'test -e /d/done || { touch /d/done; exit 0; }; sleep 4; exit 0',
    { mode: 'replicated-job', restart_policy: { condition: 'none' } },
    { volumes: [{ type: 'volume', source: 'd', target: '/d' }] },
  )
  const model = { volumes: { d: {} } }
  const base = {
    app: sh(FOREVER, { update_config }),
    ...whereJobs({ job }),
    dropped: sh(`sleep 3; ${FOREVER}`),
    moved: sh(FOREVER),
    web: sh(FOREVER, startFirst, { ports }),
  }
  const first = convergedOf(await stack.up(base, { model }))
  const next = {
    added: sh('exit 0', { restart_policy: { condition: 'none' } }),
    app: sh(`: 2; ${FOREVER}`, { update_config }),
    ...whereJobs({ job }),
    moved: sh(FOREVER, { placement: { constraints: ['node.role == manager'] } }),
    web: sh(`: 2; ${FOREVER}`, startFirst, { ports }),
  }
  const deployed = await stack.deploy(next, { model, commit: 'b'.repeat(40) })
  expect(deployed.orphans).toEqual(['dropped'])
  expect(deployed.accommodations.join('\n')).toContain('service web: updated with order stop-first')
  const second = convergedOf(await stack.wait(deployed))
  expect(Object.fromEntries(second.updates.map(({ service, state }) => [service, state]))).toEqual({
    added: 'created',
    app: 'completed',
    ...whereJobs({ job: 'none' }),
    moved: 'none',
    web: 'completed',
  })
  const idOf = ({ tasks }: typeof first, name: string) => tasks.find(({ service }) => service === name)?.id
  expect(idOf(second, 'app')).not.toBe(idOf(first, 'app'))
  expect(idOf(second, 'moved')).toBe(idOf(first, 'moved'))
  // The engine runs a job again at every deployment: the round that is done is not the one that was waited for before.
  if (CLIENT_KNOWS_JOBS) expect(idOf(second, 'job')).not.toBe(idOf(first, 'job'))
  const hashOf = ({ services }: typeof first) => services.find(({ service }) => service === 'app')?.specHash
  expect(hashOf(second)).not.toBe(hashOf(first))
  const label = second.services.find(({ service }) => service === 'app')?.labels[
    `coop-cloud.${stack.stack}.chaos-version`
  ]
  expect(label).toBe('bbbbbbbb')
  const { job: _job, ...servers } = next
  const third = convergedOf(await stack.up(servers, { commit: 'c'.repeat(40) }))
  expect(third.updates.map(({ state }) => state)).toEqual(['none', 'none', 'none', 'none'])
  expect(third.tasks).toEqual(second.tasks.filter(({ service }) => service !== 'job'))
})

test.concurrent('a rollback is seen though the old version serves again, and its labels are back', async () => {
  await using stack = scratchStack(engine)
  const update_config = { failure_action: 'rollback', monitor: '3s', order: 'start-first' }
  convergedOf(await stack.up({ app: sh(FOREVER, { update_config }) }))
  const broken = sh('echo broken; exit 9', { update_config })
  const cause = causeOf(await stack.up({ app: broken }, { commit: 'b'.repeat(40) }))
  expect(cause).toMatchObject({ code: 'rolled-back', service: 'app' })
  expect(cause.message).toContain('exit code 9')
  const [service] = await engine.services(stack.stack)
  expect(service?.labels[`coop-cloud.${stack.stack}.chaos-version`]).toBe('aaaaaaaa')
})

test.concurrent('a paused update: what it left behind, else what its new tasks come to', async () => {
  const update_config = { failure_action: 'pause', monitor: '3s', delay: '10s' }
  for (const [replicas, code] of [
    [2, 'update-paused'],
    [1, 'crash-loop'],
  ] as const) {
    await using stack = scratchStack(engine)
    convergedOf(await stack.up({ app: sh(FOREVER, { update_config, replicas }) }))
    const cause = causeOf(await stack.up({ app: sh('exit 9', { update_config, replicas }) }))
    expect(cause.code, JSON.stringify(cause)).toBe(code)
  }
})
