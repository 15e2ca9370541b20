import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import { HOSTILE, type ScratchSandbox, scratchSandbox } from './support/scratch-sandbox.ts'

const engine = await Engine.connect()
let box: ScratchSandbox

const hostile = (name: string) => `/code/operator/${name}`

beforeAll(async () => {
  process.env.CC_CI_TEST_SECRET = 'not for strangers'
  box = await scratchSandbox(engine)
}, 300_000)

afterAll(async () => {
  await box[Symbol.asyncDispose]()
})

/** What every test ends with: the next program finds a sandbox as it was, in well under its deadline. */
async function asNew(): Promise<void> {
  const { output } = await box.run(['sh', '-c', 'ls -A /tmp /home/sandbox /dev/shm; ps -u 1000 -o comm='])
  expect(output.split('\n')).toEqual(['/dev/shm:', '', '/home/sandbox:', '', '/tmp:', 'sh', 'sh', 'ps', ''])
}

describe('hostile code', () => {
  test('sees nothing of the host and may become nobody else', async () => {
    const found = await box.probe(['node', hostile('look-around.mjs'), join(HOSTILE, 'fill.mjs'), process.execPath])
    expect(found).toEqual({
      read: [],
      wrote: [],
      replacedSocket: false,
      sockets: [],
      became: { root: false, bridge: false, namespace: false, mount: false, device: false, cgroup: false },
      killed: [],
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        LANG: 'C.UTF-8',
        HOME: '/home/sandbox',
        HOSTNAME: 'sandbox',
        CC_CI_RPC: '/run/cc-ci/rpc.sock',
        NODE_EXTRA_CA_CERTS: '/opt/cc-ci/gate.pem',
        PWD: '/',
      },
      capabilities: '0000000000000000',
    })
  })

  test('reaches nothing: no address of the host, no port of its dashboard, no metadata, no name outside', async () => {
    const dashboard = createServer((socket) => void socket.end('dashboard'))
    await new Promise<void>((resolve) => dashboard.listen(0, '0.0.0.0', resolve))
    try {
      const { port } = dashboard.address() as { port: number }
      const targets = hostAddresses().flatMap((address) => [`${address}:${port}`, `${address}:2377`])
      expect(targets.length).toBeGreaterThan(4)
      const found = await box.probe(['node', hostile('reach-out.mjs'), ...targets])
      expect(found).toEqual({ addresses: 1, connected: [], resolved: [], asked: false })
      // Where the machine's own resolver is on its loopback, the engine would ask it there on behalf of the container.
      const argv = ['inspect', '--format', '{{json .HostConfig.Dns}}', `${box.options.prefix}_ccci-sandbox`]
      expect((await docker(argv)).stdout.trim()).toBe('["127.0.0.1"]')
    } finally {
      dashboard.close()
    }
  })

  test('that uses up every process is killed, from outside where inside is no place', async () => {
    const started = Date.now()
    const bomb = await box.run(['perl', hostile('fork-bomb.pl')], { timeoutMs: 1500 })
    expect(bomb).toMatchObject({ exitCode: null, timedOut: true })
    expect(Date.now() - started).toBeLessThan(45_000)
    await asNew()
  })

  test('that kills whoever comes to end it is killed', async () => {
    await box.run(['perl', hostile('kill-the-killer.pl')])
    await asNew()
  })

  test('leaves no process and no file behind, however far it has run away', async () => {
    const left = await box.run(['bash', hostile('leave-behind.sh')])
    expect(left).toMatchObject({ exitCode: 7, timedOut: false })
    await asNew()
  })

  test('that fills all there is to fill is refused more, and the sandbox lives', async () => {
    const filled = await box.probe(['node', hostile('fill.mjs'), '/tmp', '/artifacts', '/dev/shm', '/home/sandbox'])
    const refused = (mib: number) => ({ mib, error: 'ENOSPC' })
    expect(filled).toEqual({
      '/tmp': refused(256),
      '/artifacts': refused(256),
      '/dev/shm': refused(256),
      '/home/sandbox': refused(128),
    })
    await box.run(['rm', '/artifacts/big'])
    await asNew()
  })

  test('that eats memory is killed, and it is said why', async () => {
    const eater = await box.run(['node', hostile('eat-memory.mjs')])
    expect(eater).toMatchObject({ exitCode: 137, timedOut: false, outOfMemory: true })
    expect(await box.run(['true'])).toMatchObject({ exitCode: 0, outOfMemory: false })
    await asNew()
  })

  test('that prints without end is killed, and little of it is kept', async () => {
    const lines: number[] = []
    const onLine = (line: string) => void lines.push(line.length)
    const endless = await box.run(['yes', 'y'.repeat(10_000)], { onLine })
    expect(endless).toMatchObject({ exitCode: null, timedOut: false })
    expect(endless.output).toMatch(/killed, because it printed more than 64 MiB\]\n$/)
    expect(endless.output.length).toBeLessThan(300 * 1024)
    expect(lines.length).toBeLessThan(7000)
  })

  test('gets refusals from the bridge, and no more than it may ask', async () => {
    let asked = 0
    const echo = async (params: unknown) => {
      asked += 1
      return params
    }
    const counts = await box.probe(['node', hostile('flood.mjs')], { handlers: { echo } })
    expect(counts).toEqual({
      'line-too-long': 1,
      'bad-request': 4,
      'unknown-method': 4,
      result: asked,
      'too-many-requests': 20_000 - asked,
    })
    expect(asked).toBe(10_000 - 4)
  })
})

/** Every address that this machine has, the engine's bridges included. */
function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((all) => (all ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => address))
    .filter((address) => address !== '127.0.0.1')
}
