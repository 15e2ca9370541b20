import { afterAll, beforeAll, expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { docker, tryDocker } from '../../src/engine/docker-cli.ts'
import { removeStackOrThrow } from '../../src/engine/removal.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { newRunId, randomId } from '../../src/lib/ids.ts'
import { type ScratchSandbox, sandboxOptions, scratchSandbox } from './support/scratch-sandbox.ts'

const engine = await Engine.connect()
const stranger = { stack: `st_${randomId(8)}`, domain: `st-${randomId(8)}.ci.test` }
const friend = { stack: `fr_${randomId(8)}`, domain: `fr-${randomId(8)}.ci.test` }
const options = {
  ...sandboxOptions({
    'browse.mjs': `import { chromium } from 'playwright-core'
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage({ ignoreHTTPSErrors: true })
await page.goto(process.argv[2])
await page.screenshot({ path: '/artifacts/page.png' })
console.log(await page.textContent('h1'))
await browser.close()
`,
    'a.spec.ts': `import { expect, test } from '@playwright/test'
test('is there', async ({ request }) => expect((await request.get(process.env.URL!)).status()).toBe(200))
`,
    'ask.mjs': `import { request } from 'node:https'
import { connect } from 'node:tls'
// host that is dialled, server name, host header
const [address, servername, host] = process.argv.slice(2)
const asked = request({ host: address, servername, headers: { host }, path: '/', timeout: 3000, rejectUnauthorized: true, agent: false }, (answer) => {
  let body = ''
  answer.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => console.log(answer.statusCode, body.trim()))
})
asked.on('timeout', () => asked.destroy(new Error('timeout')))
asked.on('error', (error) => console.log('error', error.code ?? error.message))
asked.end()
`,
  }),
  also: [friend],
  ports: [{ service: 'app', target: 8080, published: 7000, protocol: 'tcp' as const }],
}
let box: ScratchSandbox

beforeAll(async () => {
  await Promise.all([startApp(options, 'the app'), startApp(stranger, 'a stranger'), startApp(friend, 'a friend')])
  box = await scratchSandbox(engine, options)
}, 300_000)

afterAll(async () => {
  await box?.sandbox.close()
  for (const { stack } of [options, stranger, friend]) {
    await removeStackOrThrow(engine, { stack, runId: newRunId(0), timeoutMs: 60_000 })
  }
  await box?.[Symbol.asyncDispose]()
}, 120_000)

const ask = async (...argv: string[]) => (await box.run(['node', '/code/recipe/ask.mjs', ...argv])).output.trim()

test('the gate leads to the app under its own name, over a certificate that verifies, and to what it depends on', async () => {
  await routed(options.domain)
  expect(await ask(options.domain, options.domain, options.domain)).toBe('200 <h1>the app</h1>')
  await routed(friend.domain)
  expect(await ask(friend.domain, friend.domain, friend.domain)).toBe('200 <h1>a friend</h1>')
})

test('a port that the app publishes leads to its task, and one of another stack does not', async () => {
  const { domain } = options
  const get = `exec 3<> "/dev/tcp/$1/7000" && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && timeout 5 cat <&3`
  await routed(domain)
  expect((await box.run(['bash', '-c', get, 'bash', domain])).output).toContain('<h1>the app</h1>')
  expect((await box.run(['bash', '-c', get, 'bash', friend.domain])).output).not.toContain('a friend')
})

test('a browser renders the app, and Playwright Test runs', async () => {
  await routed(options.domain)
  const seen = await box.run(['node', '/code/recipe/browse.mjs', `https://${options.domain}/`])
  expect(seen.output).toBe('the app\n')
  const argv = [
    'node',
    '/node_modules/@playwright/test/cli.js',
    'test',
    '--config',
    '/code/recipe',
    '--output',
    '/artifacts/out',
  ]
  const tested = await box.run(argv, { env: { URL: `https://${options.domain}/` } })
  expect(tested.output).toContain('1 passed')
})

test('nothing of another stack is reached: by name, by address, by a forged host or server name', async () => {
  const { domain } = options
  const [task = ''] = await addresses(stranger.stack)
  expect(task).toMatch(/^10\./)
  expect(await answersOnProxy(task)).toContain('a stranger')
  expect(await ask(stranger.domain, stranger.domain, stranger.domain)).toMatch(/^error E/)
  expect(await ask(`${stranger.stack}_app`, domain, domain)).toMatch(/^error E/)
  expect(await ask(domain, stranger.domain, stranger.domain)).toBe('404 404 page not found')
  expect(await ask(domain, domain, stranger.domain)).toBe('404 404 page not found')
  expect(await ask(domain, stranger.domain, domain)).not.toContain('stranger')
  expect(await ask(task, domain, domain)).toBe('error ENETUNREACH')
  const plain = await box.run(['bash', '-c', 'exec 3<>"/dev/tcp/$1/8080"', 'bash', task])
  expect(plain.exitCode).toBe(1)
})

test('with labels that lead elsewhere no program is run', async () => {
  const key = 'traefik.http.services.evil.loadbalancer.server.url'
  await docker([
    'service',
    'update',
    '--detach',
    '--label-add',
    `${key}=http://172.18.0.1:8080`,
    `${options.stack}_app`,
  ])
  const run = () => box.run(['true'])
  await expect(run()).rejects.toMatchObject({ code: 'gate-refused', message: expect.stringContaining(`app: ${key}`) })
  await docker(['service', 'update', '--detach', '--label-rm', key, `${options.stack}_app`])
  expect(await run()).toMatchObject({ exitCode: 0 })
})

async function startApp({ stack, domain }: { stack: string; domain: string }, says: string): Promise<void> {
  const labels = {
    'com.docker.stack.namespace': stack,
    'traefik.enable': 'true',
    [`traefik.http.services.${stack}.loadbalancer.server.port`]: '8080',
    [`traefik.http.routers.${stack}.rule`]: `Host(\`${domain}\`)`,
    [`traefik.http.routers.${stack}.entrypoints`]: 'web-secure',
  }
  const flags = [
    '--detach',
    '--no-resolve-image',
    '--stop-grace-period',
    '1s',
    '--endpoint-mode',
    'dnsrr',
    '--network',
    'proxy',
  ]
  await docker([
    ...['service', 'create', '--name', `${stack}_app`, ...flags],
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...['--container-label', `com.docker.stack.namespace=${stack}`, 'cc-ci/toolbox:1'],
    ...['sh', '-c', `mkdir /w && echo '<h1>${says}</h1>' > /w/index.html && exec busybox httpd -f -p 8080 -h /w`],
  ])
}

/** Waits until the gate has a route of this name. */
async function routed(domain: string): Promise<void> {
  const result = await waitFor<true, never>(
    async () => {
      const answer = await ask(domain, domain, domain)
      return answer.startsWith('200') ? { state: 'ready', value: true } : { state: 'waiting', reason: answer }
    },
    { name: 'the route', timeoutMs: 30_000, everyMs: 100 },
  )
  expect(result.state).toBe('ready')
}

async function addresses(stack: string): Promise<string[]> {
  const containers = await engine.containers({ stack })
  return containers.flatMap(({ addresses: all }) => all.proxy ?? [])
}

/** What another container on the same network gets there: the stranger's app is up and open to it. */
async function answersOnProxy(address: string): Promise<string> {
  const argv = [
    'run',
    '--rm',
    '--network',
    'proxy',
    'cc-ci/toolbox:1',
    'busybox',
    'wget',
    '-q',
    '-O',
    '-',
    `http://${address}:8080/`,
  ]
  return (await tryDocker(argv, { timeoutMs: 60_000 })).stdout
}
