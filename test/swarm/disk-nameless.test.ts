import { expect, test } from 'vitest'
import { Engine, STACK_LABEL } from '../../src/engine/client.ts'
import { inputTag } from '../../src/images/definition.ts'
import { toolbox } from '../../src/images/toolbox.ts'
import { randomId } from '../../src/lib/ids.ts'
import { measureRun } from '../../src/lifecycle/disk/written.ts'

const MIB = 1024 ** 2

/** One file that has a name; files that were opened, deleted and filled, in the layer, in a volume and in memory. */
const HIDE = `
  dd if=/dev/zero of=/kept bs=1M count=3 2>/dev/null
  exec 3>/hidden && rm /hidden && dd if=/dev/zero bs=1M count=20 >&3 2>/dev/null
  exec 4>/volume/hidden && rm /volume/hidden && dd if=/dev/zero bs=1M count=12 >&4 2>/dev/null
  exec 5>/dev/shm/hidden && rm /dev/shm/hidden && dd if=/dev/zero bs=1M count=30 >&5 2>/dev/null
  : > /tmp/ready
  while :; do sleep 60; done`

test('a run holds what it wrote to files that it deleted and left open', async () => {
  const engine = await Engine.connect()
  const { rootDir } = await engine.info()
  const stack = `nameless-${randomId(8)}`
  const name = `${stack}_app.1`
  const image = inputTag(toolbox())
  await using _ = {
    async [Symbol.asyncDispose]() {
      await engine.removeContainer(name)
      await engine.objects.remove('volume', `${stack}_data`)
    },
  }
  const labels = { [STACK_LABEL]: stack, 'com.docker.swarm.service.name': `${stack}_app` }
  await engine.runContainer({
    ...{ name, image, argv: ['/bin/sh', '-c', HIDE], env: {}, labels, capabilities: [] },
    mounts: new Map([[`${stack}_data`, '/volume']]),
  })
  const isReady = async () =>
    (await engine.exec(name, ['test', '-e', '/tmp/ready'], { timeoutMs: 60_000 })).exitCode === 0
  await expect.poll(isReady, { timeout: 120_000, interval: 200 }).toBe(true)
  const written = await measureRun(engine, { stack, runId: 'none', image, folder: rootDir })
  const nameless = written.find(({ what }) => what === 'deleted files that app holds open')
  expect(nameless).toMatchObject({ own: true, service: 'app' })
  expect(nameless?.bytes).toBeGreaterThanOrEqual(32 * MIB)
  expect(nameless?.bytes).toBeLessThan(50 * MIB)
})
