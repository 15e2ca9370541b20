import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NO_ADDITIONS } from '../../src/deploy/deployer.ts'
import { Engine, RUN_LABEL, STACK_LABEL } from '../../src/engine/client.ts'
import { containersOf, takeLedger } from '../../src/engine/ledger.ts'
import { removeStack } from '../../src/engine/removal.ts'
import { stopRestartingServices } from '../../src/engine/stop-restarting-services.ts'
import { probeVips, sweepProbes } from '../../src/engine/vip.ts'
import { newRunId, randomId } from '../../src/lib/ids.ts'
import { FOREVER, IMAGE, scratchStack, sh } from './support/scratch-stack.ts'

const engine = await Engine.connect()

test('the engine tells what it is', async () => {
  const info = await engine.info()
  expect(info.version).not.toBe('')
  expect(Number(info.api)).toBeGreaterThanOrEqual(1.41)
  expect(info.cpus).toBeGreaterThan(0)
  expect(await engine.image('no/such:image')).toBeNull()
  expect((await engine.image(IMAGE))?.id).toMatch(/^sha256:/)
})

test('exec: exit code, both streams, input, environment, limits', async () => {
  await using stack = scratchStack(engine)
  await stack.up({ app: sh(FOREVER) })
  const app = { stack: stack.stack, runId: stack.runId, domain: 'x', recipe: 'x', repository: '/' }
  const exec = (argv: string[], stdin?: string) =>
    stack.deployer.exec(app, 'app', argv, { timeoutMs: 10_000, ...(stdin ? { stdin } : {}) })
  expect(await exec(['sh', '-c', 'echo out; echo err >&2; exit 5'])).toEqual({
    exitCode: 5,
    stdout: 'out\n',
    stderr: 'err\n',
  })
  const long = 'x'.repeat(300_000)
  expect((await exec(['cat'], long)).stdout).toBe(long)
  expect((await exec(['echo', '$(id); `id`'])).stdout).toBe('$(id); `id`\n')
  const [container] = await engine.containers({ stack: stack.stack })
  const id = container?.id ?? ''
  const cut = await engine.exec(id, ['sh', '-c', 'yes | head -c 100000; echo $A'], {
    timeoutMs: 10_000,
    maxBytes: 10,
    env: { A: '1' },
  })
  expect(cut).toMatchObject({ truncated: true, stdout: 'y\ny\ny\ny\ny\n' })
  await expect(engine.exec(id, ['sleep', '9'], { timeoutMs: 300 })).rejects.toMatchObject({ code: 'exec-deadline' })
  await expect(engine.exec('nothere', ['id'], { timeoutMs: 30_000 })).rejects.toMatchObject({ code: 'no-container' })
  await expect(stack.deployer.exec(app, 'nothere', ['id'], { timeoutMs: 30_000 })).rejects.toMatchObject({
    code: 'no-container',
  })
})

test('logs of a container and of a task, in order, with a tail and a limit', async () => {
  await using stack = scratchStack(engine)
  await stack.up({ app: sh(`echo one; echo two >&2; echo three; ${FOREVER}`) })
  const [task] = await engine.tasks(stack.stack)
  const id = task?.containerId ?? ''
  expect((await engine.containerLogs(id)).split('\n').sort()).toEqual(['', 'one', 'three', 'two'])
  expect((await engine.containerLogs(id, { tail: 1 })).trim().split('\n')).toHaveLength(1)
  expect(await engine.containerLogs(id, { maxBytes: 3 })).toContain('cut here')
  expect(await engine.taskLogs(task?.id ?? '')).toContain('three')
})

test('secrets are made once, handed to the masker, readable in the container, and kept by an update', async () => {
  await using stack = scratchStack(engine)
  const name = `${stack.stack}_pw_v1`
  const extra = {
    secrets: [{ key: 'pw', name, length: 20, generate: true }],
    model: { secrets: { pw: { external: true, name } } },
  }
  const app = sh(FOREVER, {}, { secrets: [{ source: 'pw' }] })
  await stack.up({ app }, extra)
  const [container] = await engine.containers({ stack: stack.stack })
  const read = await engine.exec(container?.id ?? '', ['cat', '/run/secrets/pw'], { timeoutMs: 5000 })
  expect(stack.secretValues).toEqual([read.stdout])
  await stack.deploy({ app }, extra)
  expect(stack.secretValues).toHaveLength(1)
})

test('what cannot be deployed says why', async () => {
  await using stack = scratchStack(engine)
  const manual = { key: 'm', name: `${stack.stack}_m_v1`, generate: false }
  await expect(stack.deploy({ app: sh('') }, { secrets: [manual] })).rejects.toMatchObject({ code: 'secret-missing' })
  const missing = stack.deploy({ app: { image: `cc-ci.invalid/${randomId(8)}:1` } })
  await expect(missing).rejects.toMatchObject({ code: 'image-unpullable', found: { blame: 'infra', service: 'app' } })
  const refused = { blame: 'recipe', service: 'app' }
  await expect(stack.deploy({ app: { image: 'Web/App:${TAG:-1}' } })).rejects.toMatchObject({
    code: 'compose-invalid',
    found: refused,
  })
  const tooLittle = sh(FOREVER, { resources: { limits: { memory: '1M' } } })
  await expect(stack.deploy({ app: tooLittle })).rejects.toMatchObject({
    code: 'engine-refused',
    found: { blame: 'recipe', message: expect.stringMatching(/at least \d+ ?MiB/) },
  })
  const value = { ...NO_ADDITIONS, secretValues: new Map([['big', 'x'.repeat(600_000)]]) }
  const big = stack.deploy(
    { app: sh(FOREVER) },
    { secrets: [{ key: 'big', name: `${stack.stack}_big`, generate: false }], added: value },
  )
  await expect(big).rejects.toMatchObject({ code: 'engine-refused', found: { blame: 'recipe' } })
})

test('a config file is read from the release, and one that changed under its name is its own cause', async () => {
  await using stack = scratchStack(engine)
  const model = { configs: { c: { name: `${stack.stack}_c_v1`, file: './c.txt' } } }
  const app = sh(FOREVER, {}, { configs: [{ source: 'c', target: '/c' }], environment: { PRICE: '5$ {x}' } })
  writeFileSync(join(stack.dir, 'c.txt'), 'one')
  await stack.up({ app }, { model })
  const [container] = await engine.containers({ stack: stack.stack })
  const read = await engine.exec(container?.id ?? '', ['sh', '-c', 'cat /c; echo "$PRICE"'], { timeoutMs: 5000 })
  expect(read.stdout).toBe('one5$ {x}\n')
  writeFileSync(join(stack.dir, 'c.txt'), 'two')
  await expect(stack.deploy({ app }, { model })).rejects.toMatchObject({ code: 'config-version-not-bumped' })
  await expect(stack.deploy({ app: sh('', { nonsense: 1 }) })).rejects.toMatchObject({ code: 'compose-invalid' })
})

test('a stack of that name that is not ours is refused and left alone', async () => {
  await using theirs = scratchStack(engine)
  await theirs.up({ app: sh(FOREVER) })
  await using ours = scratchStack(engine)
  const app = { runId: newRunId(Date.now()), stack: theirs.stack, domain: 'x', recipe: 'x', repository: '/' }
  const model = { services: { app: sh('') }, networks: {}, volumes: {}, secrets: {}, configs: {} }
  const release = {
    app,
    dir: '/',
    commit: '',
    version: null,
    chaos: true,
    dirty: false,
    env: new Map(),
    secrets: [],
    added: NO_ADDITIONS,
  }
  const stack = { model, files: [], findings: [], place: () => undefined }
  await expect(ours.deployer.prepare({ ...release, stack }, new AbortController().signal)).rejects.toMatchObject({
    code: 'stack-exists',
  })
  expect(await engine.services(theirs.stack)).toHaveLength(1)
})

test('an orphan service is named after an update that dropped it', async () => {
  await using stack = scratchStack(engine)
  await stack.up({ app: sh(FOREVER), old: sh(FOREVER) })
  const deployed = await stack.deploy({ app: sh(FOREVER) })
  expect(deployed.orphans).toEqual(['old'])
  expect(deployed.services.map(({ service }) => service)).toEqual(['app'])
  expect(deployed.images[0]).toMatchObject({ service: 'app', ref: IMAGE, id: (await engine.image(IMAGE))?.id })
})

test('two stacks side by side do not see each other', async () => {
  await using a = scratchStack(engine)
  await using b = scratchStack(engine)
  const results = await Promise.all([a.up({ app: sh(FOREVER) }), b.up({ app: sh(FOREVER), db: sh(FOREVER) })])
  expect(results.map(({ state }) => state)).toEqual(['ready', 'ready'])
  expect(await engine.services(a.stack)).toHaveLength(1)
  await removeStack(engine, { stack: a.stack, runId: a.runId, timeoutMs: 60_000 })
  expect((await engine.tasks(b.stack)).every(({ state }) => state === 'running')).toBe(true)
})

test('the ledger sees every kind of leftover, and the removal takes it, nameless volumes too', async () => {
  await using stack = scratchStack(engine)
  const { stack: name, runId } = stack
  const labels = { [RUN_LABEL]: runId }
  const volumes = [
    { type: 'volume' as const, target: '/anonymous' },
    { type: 'volume' as const, source: 'd', target: '/d' },
  ]
  await stack.up({ app: sh('while :; do sleep 1; done', {}, { volumes }) }, { model: { volumes: { d: {} } } })
  await engine.objects.createSecret(`s_${randomId(8)}`, 'x', labels)
  await engine.objects.createConfig(`${name}_unlabelled`, 'x', {})
  await engine.objects.createVolume(`v_${randomId(8)}`, { [STACK_LABEL]: name })
  await engine.objects.createNetwork(`n_${randomId(8)}`, labels)
  const container = `c-${randomId(8)}`
  const spec = { image: IMAGE, argv: ['sleep', '99'], env: {}, mounts: new Map(), capabilities: [] }
  await engine.runContainer({ ...spec, name: container, labels })
  const before = await takeLedger(engine, { stack: name, runId })
  expect(before.counts()).toEqual({
    services: 1,
    tasks: 1,
    containers: 2,
    networks: 2,
    volumes: 3,
    secrets: 1,
    configs: 1,
  })
  expect(before.items.containers).toContain(container)
  const mounted = (await containersOf(engine, { stack: name, runId })).flatMap(({ mounts }) => mounts)
  expect(mounted.filter(({ type }) => type === 'volume')).toHaveLength(2)
  const started = Date.now()
  const removal = await removeStack(engine, { stack: name, runId, timeoutMs: 60_000 })
  expect(removal.left.entries()).toEqual([])
  expect(removal.removed).toBe(before.total)
  expect(Date.now() - started).toBeLessThan(15_000)
  expect((await takeLedger(engine, { stack: name, runId, known: before })).total).toBe(0)
  expect((await removeStack(engine, { stack: name, runId, timeoutMs: 5000 })).removed).toBe(0)
})

test('the probe for virtual addresses answers by a real connection, once, and leaves nothing', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-vip-'))
  const [runId, cacheFile] = [newRunId(Date.now()), join(dir, 'vip.json')]
  const another = { key: 'another engine', carry: true, evidence: 'seen there' }
  writeFileSync(cacheFile, JSON.stringify([another]))
  try {
    const found = await probeVips(engine, { toolboxImage: IMAGE, runId, cacheFile })
    if (!existsSync('/proc/net/ip_vs')) expect(found.carry).toBe(false)
    expect(found.evidence).not.toBe('')
    const started = Date.now()
    expect(await probeVips(engine, { toolboxImage: IMAGE, runId, cacheFile })).toEqual(found)
    expect(Date.now() - started).toBeLessThan(1000)
    expect(JSON.parse(readFileSync(cacheFile, 'utf8'))).toEqual([another, { key: expect.any(String), ...found }])
    expect((await takeLedger(engine, { stack: 'cc-ci-vip', runId })).total).toBe(0)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('what a probe left whose process was killed is removed, and one that continues is left alone', async () => {
  const make = async (untilMs: number) => {
    const name = `cc-ci-vip-${randomId(8)}`
    const labels = { [STACK_LABEL]: name, [RUN_LABEL]: 'probe-test', 'cc-ci.probe-until': String(untilMs) }
    await engine.objects.createNetwork(name, labels)
    return name
  }
  const [dead, alive] = [await make(Date.now() - 1), await make(Date.now() + 60_000)]
  try {
    expect(await sweepProbes(engine)).toContain(dead)
    expect(await engine.objects.find('network', dead)).toBeNull()
    expect(await engine.objects.find('network', alive)).not.toBeNull()
  } finally {
    await removeStack(engine, { stack: alive, runId: alive, timeoutMs: 20_000 })
  }
})

test('a container that several remove at once is gone for each of them', async () => {
  const name = `cc-ci-removed-${randomId(8)}`
  const argv = ['sleep', '1000']
  await engine.runContainer({ name, image: IMAGE, argv, env: {}, mounts: new Map(), capabilities: [], labels: {} })
  const gone = Array.from({ length: 8 }, async () => {
    await engine.objects.removeContainer(name)
    return engine.container(name)
  })
  expect(await Promise.all(gone)).toEqual(gone.map(() => null))
  expect(await engine.objects.removeContainer(name)).toBe(false)
})

test('what is started again and again is calmed before it is removed', async () => {
  await using stack = scratchStack(engine)
  await stack.up({ app: sh('exit 3', { restart_policy: { condition: 'any', delay: '10ms' } }), other: sh(FOREVER) })
  const ended = async () => (await engine.tasks(stack.stack)).filter(({ state }) => state === 'failed').length
  await expect.poll(ended, { timeout: 300_000 }).toBeGreaterThanOrEqual(4)
  const [restless] = (await engine.services(stack.stack)).filter(({ service }) => service === 'app')
  await stopRestartingServices(engine, stack.stack, 120_000)
  const tasks = await engine.tasks(stack.stack)
  const mine = tasks.filter(({ serviceId }) => serviceId === restless?.id)
  expect(mine.filter(({ desired }) => desired !== 'shutdown')).toEqual([])
  expect(tasks.filter(({ desired }) => desired === 'running')).toHaveLength(1)
  const { left, errors } = await removeStack(engine, { stack: stack.stack, runId: stack.runId, timeoutMs: 60_000 })
  expect({ left: left.total, errors }).toEqual({ left: 0, errors: [] })
})
