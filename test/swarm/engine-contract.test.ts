import { expect, test } from 'vitest'
import { Engine, RUN_LABEL } from '../../src/engine/client.ts'
import { containerEnd, createContainer, startContainer, unpackInto } from '../../src/engine/containers.ts'
import { takeLedger } from '../../src/engine/ledger.ts'
import { startLiveExec } from '../../src/engine/live-exec.ts'
import { runOnce } from '../../src/engine/one-shot-service.ts'
import { removeStack } from '../../src/engine/removal.ts'
import { randomId } from '../../src/lib/ids.ts'
import { FOREVER, IMAGE, scratchStack, sh } from './support/scratch-stack.ts'

// What src/engine asks of an engine, once each, on a real one: the whole run has this on the machine's engine and on a current one.
const engine = await Engine.connect()
const { connection, objects } = engine

test('what a stack is made of, as the engine tells it', async () => {
  await using stack = scratchStack(engine)
  const { stack: name, runId } = stack
  using events = engine.events(name)
  const heard = events.wake(AbortSignal.timeout(60_000))
  await stack.up({
    app: sh(FOREVER, { labels: { a: 'b' } }),
    once: sh('exit 0', { replicas: 0, restart_policy: { condition: 'none' } }),
  })
  await heard
  const [app] = await engine.services(name)
  expect(app).toMatchObject({ service: 'app', mode: 'replicated', replicas: 1, jobRound: null, endpointMode: 'dnsrr' })
  expect(app?.labels).toMatchObject({ a: 'b' })
  expect(await engine.service(app?.id ?? '')).toEqual(app)
  const [task] = await engine.tasks(name)
  expect(task).toMatchObject({ serviceId: app?.id, state: 'running', jobRound: null, templateHash: app?.templateHash })
  const [container] = await engine.containers({ stack: name })
  expect(container).toMatchObject({ id: task?.containerId, state: 'running', exitCode: null, health: null })
  expect(await engine.container(container?.id ?? '')).toEqual(container)
  expect(await engine.cpuMs(container?.id ?? '')).toBeGreaterThan(0)
  expect(await engine.memoryBytes(container?.id ?? '')).toBeGreaterThan(0)
  expect(await engine.taskContainers(`${name}_app`)).toEqual([{ id: container?.id, service: `${name}_app` }])
  expect(await objects.changedPaths(container?.id ?? '')).toEqual([])
  expect((await engine.exec(container?.id ?? '', ['touch', '/new'], { timeoutMs: 30_000 })).exitCode).toBe(0)
  expect(await objects.changedPaths(container?.id ?? '')).toEqual(['/new'])
  const fill = ['dd', 'if=/dev/zero', 'of=/new', 'bs=1024', 'count=200']
  expect((await engine.exec(container?.id ?? '', fill, { timeoutMs: 30_000 })).exitCode).toBe(0)
  expect(await engine.layerBytes(container?.id ?? '')).toBeGreaterThanOrEqual(200 * 1024)
  expect(typeof (await engine.serviceLogs(app?.id ?? ''))).toBe('string')
  const once = await runOnce(engine, { service: `${name}_once`, stack: name, timeoutMs: 60_000 })
  expect(once).toMatchObject({ state: 'ready', value: { state: 'complete' } })
  expect((await takeLedger(engine, { stack: name, runId })).counts()).toMatchObject({
    services: 2,
    networks: 1,
    volumes: 0,
  })
  expect((await removeStack(engine, { stack: name, runId, timeoutMs: 60_000 })).left.total).toBe(0)
})

test('a container that was never started, then was, then ended', async () => {
  const name = `cc-ci-contract-${randomId(8)}`
  const id = await createContainer(connection, name, {
    Image: IMAGE,
    Cmd: ['sh', '-c', 'cat /x/a; read line; exit 3'],
    OpenStdin: true,
    Labels: { [RUN_LABEL]: name },
  })
  try {
    expect(await engine.container(id)).toMatchObject({ name, state: 'created', exitCode: null, startedAt: null })
    expect(await objects.changedPaths(id)).toEqual([])
    expect(await engine.containerLogs(id)).toBe('')
    expect(await engine.cpuMs(id)).toBeNull()
    expect(await engine.memoryBytes(id)).toBeNull()
    await unpackInto(connection, id, '/', Buffer.alloc(1024))
    await startContainer(connection, id)
    const said: string[] = []
    const live = await startLiveExec(connection, id, ['cat'], {
      user: '0',
      input: true,
      onBytes: (_, bytes) => void said.push(bytes.toString()),
      signal: AbortSignal.timeout(30_000),
    })
    live.write('hello')
    live.endInput()
    await live.over
    expect([await live.exitCode(), said.join('')]).toEqual([0, 'hello'])
    expect(await objects.killContainer(id)).toBe(true)
    expect(await containerEnd(connection, id, { timeoutMs: 30_000 })).toBe(137)
    expect(await objects.killContainer(id)).toBe(false)
    expect(await engine.container(id)).toMatchObject({ state: 'exited', exitCode: 137, oomKilled: false })
    expect(await engine.cpuMs(id)).toBeNull()
    expect(await engine.memoryBytes(id)).toBeNull()
    await expect(engine.exec(id, ['id'], { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'no-container' })
  } finally {
    expect(await objects.removeContainer(id)).toBe(true)
  }
  expect([await objects.removeContainer(id), await engine.container(id)]).toEqual([false, null])
})

test('what is not there is null, false or empty', async () => {
  const name = `nothing-${randomId(8)}`
  expect([
    await engine.service(name),
    await engine.container(name),
    await engine.image(name),
    await engine.cpuMs(name),
    await engine.memoryBytes(name),
    await engine.layerBytes(name),
  ]).toEqual([null, null, null, null, null, null])
  expect([await engine.services(name), await engine.tasks(name), await engine.containers({ stack: name })]).toEqual([
    [],
    [],
    [],
  ])
  expect(await objects.changedPaths(name)).toEqual([])
  for (const kind of ['service', 'network', 'secret', 'config', 'volume'] as const) {
    expect(await objects.list(kind, `${RUN_LABEL}=${name}`), kind).toEqual([])
    expect(await objects.find(kind, name), kind).toBeNull()
    expect(await objects.remove(kind, name), kind).toBe(false)
  }
})

test('what is made by name is found by name and label', async () => {
  const name = `contract-${randomId(8)}`
  const labels = { [RUN_LABEL]: name }
  const make = {
    secret: () => objects.createSecret(name, 'x', labels),
    config: () => objects.createConfig(name, 'x', labels),
    volume: () => objects.createVolume(name, labels),
    network: () => objects.createNetwork(name, labels),
  }
  for (const [kind, create] of Object.entries(make) as [keyof typeof make, () => Promise<string>][]) {
    const id = await create()
    const made = { id, name, labels: expect.objectContaining(labels) }
    expect(await objects.list(kind, `${RUN_LABEL}=${name}`), kind).toEqual([made])
    expect(await objects.find(kind, name), kind).toEqual(made)
    expect(await objects.remove(kind, name), kind).toBe(true)
  }
})

test('a refusal has its status and the words of the engine', async () => {
  const refused = (status: number, words: RegExp) => ({
    code: 'engine-refused',
    status,
    retryable: false,
    words: expect.stringMatching(words),
  })
  await expect(objects.createSecret('a b', 'x', {})).rejects.toMatchObject(refused(400, /name/))
  await expect(engine.image('Web:1')).rejects.toMatchObject(refused(400, /invalid reference format/))
  await expect(objects.createService({ Name: 'x' })).rejects.toMatchObject(refused(400, /./))
  const name = `contract-${randomId(8)}`
  const id = await objects.createSecret(name, 'x', {})
  await expect(objects.createSecret(name, 'x', {}))
    .rejects.toMatchObject(refused(409, /exists/))
    .finally(() => objects.remove('secret', id))
  await expect(engine.pull(`localhost:1/${name}:1`, { timeoutMs: 30_000 })).rejects.toMatchObject({
    code: 'registry-unreachable',
  })
})
