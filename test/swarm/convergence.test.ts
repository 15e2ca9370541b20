import { expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import type { ConvergeResult } from '../../src/engine/convergence/converge.ts'
import { FOREVER, IMAGE, scratchStack, sh } from './support/scratch-stack.ts'

const engine = await Engine.connect()
const quick = { delay: '1s', condition: 'any' }

function causeOf(result: ConvergeResult) {
  if (result.state !== 'impossible') throw new Error(`converged: ${JSON.stringify(result.value.tasks)}`)
  return result.cause
}

function convergedOf(result: ConvergeResult) {
  if (result.state !== 'ready') throw new Error(JSON.stringify(result.cause, null, 1))
  return result.value
}

test.concurrent('a server and a completed one-shot at 0/1 converge, also on-failure with exit 0 and replicas 0', async () => {
  await using stack = scratchStack(engine)
  const result = await stack.up({
    app: sh(FOREVER),
    migrate: sh('exit 0', { restart_policy: { condition: 'none' } }),
    seed: sh('sleep 1', { restart_policy: { condition: 'on-failure' } }),
    later: sh('exit 1', { replicas: 0 }),
  })
  const { tasks, updates } = convergedOf(result)
  expect(tasks.map(({ service, state }) => `${service} ${state}`)).toEqual([
    'app running',
    'migrate complete',
    'seed complete',
  ])
  expect(updates.every(({ state }) => state === 'created')).toBe(true)
})

test.concurrent('a global service converges', async () => {
  await using stack = scratchStack(engine)
  expect(convergedOf(await stack.up({ app: sh(FOREVER, { mode: 'global' }) })).tasks).toHaveLength(1)
})

test.concurrent('a server that ends with 0 under on-failure is stranded, not complete', async () => {
  await using stack = scratchStack(engine)
  const labels = { 'traefik.http.routers.x.rule': 'Host(`x`)' }
  const cause = causeOf(await stack.up({ app: sh('exit 0', { restart_policy: { condition: 'on-failure' }, labels }) }))
  expect(cause).toMatchObject({ code: 'service-stranded', service: 'app', blame: 'recipe' })
})

test.concurrent('a crash loop ends in seconds with exit codes and last words', async () => {
  await using stack = scratchStack(engine)
  const result = await stack.up({ app: sh('echo no database; exit 3', { restart_policy: quick }) })
  const cause = causeOf(result)
  expect(cause).toMatchObject({ code: 'crash-loop', service: 'app' })
  expect(cause.message).toContain('exit code 3')
  expect(cause.lines.filter((line) => line.includes('exit 3')).length).toBeGreaterThanOrEqual(3)
  expect(cause.lines).toContain('log: no database')
  expect(result.waitedMs).toBeLessThan(20_000)
})

test.concurrent('an app that ends until its database is up is no crash loop', async () => {
  await using stack = scratchStack(engine)
  const healthcheck = { test: ['CMD', 'test', '-e', '/ready'], interval: '1s', retries: 30 }
  const result = await stack.up(
    {
      app: sh(
        'mkdir -p /d; test -e /d/up || { date +%s >> /d/n; test $(wc -l < /d/n) -gt 4 && touch /d/up; exit 3; }; sleep 99',
        {
          restart_policy: quick,
        },
        { volumes: [{ type: 'volume', source: 'd', target: '/d' }] },
      ),
      db: sh(`sleep 10; touch /ready; ${FOREVER}`, {}, { healthcheck }),
    },
    { model: { volumes: { d: {} } } },
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

test.concurrent('a failed one-shot', async () => {
  await using stack = scratchStack(engine)
  const once = sh('echo cannot migrate >&2; exit 7', { restart_policy: { condition: 'none' } })
  const cause = causeOf(await stack.up({ app: sh(FOREVER), migrate: once }))
  expect(cause).toMatchObject({ code: 'one-shot-failed', service: 'migrate' })
  expect(cause.lines).toContain('log: cannot migrate')
})

test.concurrent('restarts used up', async () => {
  await using stack = scratchStack(engine)
  const policy = { condition: 'on-failure', max_attempts: 1, delay: '0s' }
  expect(causeOf(await stack.up({ app: sh('exit 4', { restart_policy: policy }) }))).toMatchObject({
    code: 'crash-loop',
  })
})

test.concurrent('a program that does not exist is a rejected task', async () => {
  await using stack = scratchStack(engine)
  const cause = causeOf(await stack.up({ app: { image: IMAGE, command: ['/nowhere'] } }))
  expect(cause).toMatchObject({ code: 'task-rejected', service: 'app' })
  expect(cause.message).toContain('/nowhere')
})

test.concurrent('constraints that no node meets', async () => {
  await using stack = scratchStack(engine)
  const placement = { constraints: ['node.labels.nowhere == yes'] }
  expect(causeOf(await stack.up({ app: sh(FOREVER, { placement }) }))).toMatchObject({
    code: 'no-suitable-node',
    blame: 'infra',
  })
})

test.concurrent('more memory than the limit', async () => {
  await using stack = scratchStack(engine)
  const eat = sh('x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done', { resources: { limits: { memory: '12M' } } })
  expect(causeOf(await stack.up({ app: eat }))).toMatchObject({ code: 'oom-killed', service: 'app' })
})

test.concurrent('a health check that never passes', async () => {
  await using stack = scratchStack(engine)
  const healthcheck = { test: ['CMD-SHELL', 'echo not well; exit 1'], interval: '1s', timeout: '1s', retries: 2 }
  const cause = causeOf(await stack.up({ app: sh(FOREVER, { restart_policy: quick }, { healthcheck }) }))
  expect(cause).toMatchObject({ code: 'healthcheck-failing', service: 'app' })
  expect(cause.lines.join('\n')).toContain('not well')
})

test.concurrent('the deadline names what was missing', async () => {
  await using stack = scratchStack(engine)
  const healthcheck = { test: ['CMD', 'false'], interval: '60s', retries: 9 }
  const cause = causeOf(await stack.up({ app: sh(FOREVER, {}, { healthcheck }) }, { deadlineMs: 4000 }))
  expect(cause).toMatchObject({ code: 'not-converged', service: 'app' })
  expect(cause.message).toContain('health check starting')
})

test.concurrent('an update in place completes; the same again is a no-op', async () => {
  await using stack = scratchStack(engine)
  const update_config = { monitor: '1s' }
  const first = convergedOf(await stack.up({ app: sh(FOREVER, { update_config }) }))
  const next = { app: sh(`: 2; ${FOREVER}`, { update_config }) }
  const second = convergedOf(await stack.up(next, { commit: 'b'.repeat(40) }))
  expect(second.updates).toEqual([{ service: 'app', state: 'completed' }])
  expect(second.tasks[0]?.id).not.toBe(first.tasks[0]?.id)
  expect(second.services[0]?.specHash).not.toBe(first.services[0]?.specHash)
  expect(second.services[0]?.labels[`coop-cloud.${stack.stack}.chaos-version`]).toBe('bbbbbbbb')
  const third = convergedOf(await stack.up(next, { commit: 'c'.repeat(40) }))
  expect(third.updates).toEqual([{ service: 'app', state: 'none' }])
  expect(third.tasks).toEqual(second.tasks)
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

test.concurrent('a paused update', async () => {
  await using stack = scratchStack(engine)
  const update_config = { failure_action: 'pause', monitor: '3s' }
  convergedOf(await stack.up({ app: sh(FOREVER, { update_config }) }))
  expect(causeOf(await stack.up({ app: sh('exit 9', { update_config }) }))).toMatchObject({ code: 'update-paused' })
})
