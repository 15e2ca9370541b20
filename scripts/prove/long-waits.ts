import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Engine } from '../../src/engine/client.ts'
import { type ConvergeResult, converge } from '../../src/engine/convergence/converge.ts'
import { execOk } from '../../src/lib/process/exec.ts'
import { FOREVER, scratchStack, sh } from '../../test/swarm/support/scratch-stack.ts'

/**
 * What takes too long, or disturbs an engine too much, for `npm test`. Meant for an engine that nobody else uses, named by DOCKER_HOST, in a Swarm
 * and with the image of the fixtures:
 *
 *     scripts/prove/long-waits.ts slow                   a start of four minutes under `timeouts.deploy: 100s`
 *     scripts/prove/long-waits.ts restart -- ARGV...     ARGV restarts that engine in mid-wait
 *     scripts/prove/long-waits.ts port                   a port that a connection of this machine had until a moment ago (the engine's own machine)
 */
const RESTART_AFTER_MS = 4_000
const [what, , ...restart] = process.argv.slice(2)
const engine = await Engine.connect()
if (what === 'slow') await slowStart()
else if (what === 'restart' && restart.length > 0) await restarted(restart)
else if (what === 'port') await heldPort()
else {
  process.stderr.write('Usage: node scripts/prove/long-waits.ts slow | port | restart -- PROGRAM ARGUMENT...\n')
  process.exitCode = 2
}

/** Says something every 15 s; well after four minutes. */
async function slowStart(): Promise<void> {
  await using stack = scratchStack(engine)
  const words = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen'
  const starts = `for word in ${words}; do echo migrated $word; sleep 15; done; touch /up; ${FOREVER}`
  const healthcheck = { test: ['CMD', 'test', '-e', '/up'], interval: '2s', retries: 1000 }
  printResult(
    'a start of four minutes',
    'ready',
    await stack.up({ app: sh(starts, {}, { healthcheck }) }, { timeoutMs: 100_000 }),
  )
}

/** One app comes up again, one continues to fail; both are waited for while the engine is away. */
async function restarted([file = '', ...args]: readonly string[]): Promise<void> {
  await using stack = scratchStack(engine)
  const healthcheck = { test: ['CMD', 'test', '-e', '/up'], interval: '1s', retries: 30 }
  const quick = { restart_policy: { condition: 'any', delay: '3s' } }
  await stack.deploy({
    app: sh(`sleep 12; touch /up; ${FOREVER}`, quick, { healthcheck }),
    polite: sh(
      `trap 'exit 0' TERM; sleep 12 & wait; touch /up; sleep 999 & wait`,
      { restart_policy: { condition: 'on-failure', delay: '1s' } },
      { healthcheck },
    ),
    loop: sh('exit 3', quick),
  })
  const reasons = new Set<string>()
  const wait = (name: string) =>
    converge(engine, {
      stack: stack.stack,
      expected: [{ service: name }],
      timeoutMs: 90_000,
      onWaiting: ({ reason }) => void reasons.add(reason),
    })
  const disturb = new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS)).then(() =>
    execOk(file, args, { timeoutMs: 60_000 }),
  )
  const [app, polite, loop] = await Promise.all([wait('app'), wait('polite'), wait('loop'), disturb])
  process.stdout.write(`${[...reasons].map((reason) => `waited: ${reason}`).join('\n')}\n`)
  printResult('an app over a restart of the engine', 'ready', app)
  printResult('one that ends with 0 under on-failure when the engine stops it', 'ready', polite)
  printResult('a crash loop over a restart of the engine', 'crash-loop', loop)
}

/** The kernel gives a port out again a minute after the connection ended; until then nothing can listen on it. */
async function heldPort(): Promise<void> {
  const server = createServer((socket) => socket.resume().on('end', () => socket.end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(client, 'connect')
  const published = Number(client.localPort)
  client.end()
  await once(client, 'close')
  server.close()
  await using stack = scratchStack(engine)
  const ports = [{ target: 80, published, protocol: 'tcp', mode: 'host' as const }]
  const services = { app: sh(FOREVER, {}, { ports }) }
  const short = await stack.up(services, { timeoutMs: 20_000 })
  printResult(`port ${published}, which a connection has had, within 20 s`, 'port-in-use', short)
  printResult(`port ${published}, within two minutes`, 'ready', await stack.up(services, { timeoutMs: 120_000 }))
}

function printResult(name: string, wanted: string, result: ConvergeResult): void {
  const found = result.state === 'ready' ? 'ready' : result.cause.code
  const seconds = (result.waitedMs / 1000).toFixed(1)
  process.stdout.write(`${found === wanted ? 'ok  ' : 'FAIL'} ${name}: ${found} after ${seconds} s\n`)
  if (result.state !== 'ready')
    process.stdout.write(`     ${result.cause.message}\n     ${result.cause.lines.join('\n     ')}\n`)
  if (found !== wanted) process.exitCode = 1
}
