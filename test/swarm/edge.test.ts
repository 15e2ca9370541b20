import { get } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EdgeAddress, foreignEdge } from '../../src/edge/address.ts'
import { edgeState, ensureEdge } from '../../src/edge/ensure.ts'
import { routesFor } from '../../src/edge/routes.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import { systemClock } from '../../src/lib/async/clock.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { randomId } from '../../src/lib/ids.ts'
import { namesHost } from '../../src/recipe/traefik/rule.ts'

const name = `edge-${randomId(6)}`
const domain = `${name}.ci.test`
let edge: EdgeAddress

beforeAll(async () => {
  edge = await ensureEdge()
}, 120_000)

afterAll(async () => {
  await docker(['service', 'rm', name])
  await waitFor<true, never>(
    async () => {
      const left = await docker(['ps', '--all', '--quiet', '--filter', `label=com.docker.swarm.service.name=${name}`])
      return left.stdout === '' ? { state: 'ready', value: true } : { state: 'waiting', reason: 'a container is left' }
    },
    { name: 'the service to be gone', timeoutMs: 30_000, everyMs: 100 },
  )
}, 60_000)

describe('the edge', () => {
  test('knows no router for a domain that nobody claims', async () => {
    expect(await routesFor(domain)).toEqual([])
    expect(await fetchHttps(domain, edge)).toMatchObject({ status: 404 })
  })

  test('routes an app with Co-op Cloud labels within two seconds of its task running, over a certificate that verifies', async () => {
    await startApp()
    await running()
    const start = systemClock.now()
    const answer = await waitFor<{ status: number; body: string }, never>(
      async () => {
        const seen = await fetchHttps(domain, edge)
        return seen.status === 200
          ? { state: 'ready', value: seen }
          : { state: 'waiting', reason: `status ${seen.status}` }
      },
      { name: 'the route', timeoutMs: 20_000, everyMs: 50 },
    )
    expect(answer).toMatchObject({ state: 'ready', value: { body: 'hello from the app\n' } })
    // Its own refresh takes up to a second; the rest is for a busy machine.
    expect(systemClock.now() - start).toBeLessThan(4000)
  }, 60_000)

  test('tells which router serves a domain and dials the task itself', async () => {
    const [route, ...others] = (await routesFor(domain)) ?? []
    expect(others).toEqual([])
    expect(route).toMatchObject({
      router: `${name}@swarm`,
      service: `${name}@swarm`,
      status: 'enabled',
      entryPoints: ['web-secure'],
    })
    expect(route?.servers).toEqual([`http://${await taskAddress()}:8080`])
  })

  test('is made once: asking again finds the same container', async () => {
    const before = await docker(['container', 'inspect', '--format', '{{.Id}} {{.State.StartedAt}}', 'cc-ci-edge'])
    expect(await edgeState()).toBe('current')
    expect(await ensureEdge()).toEqual(edge)
    const after = await docker(['container', 'inspect', '--format', '{{.Id}} {{.State.StartedAt}}', 'cc-ci-edge'])
    expect(after.stdout).toBe(before.stdout)
  })

  test('listens on loopback alone', async () => {
    const { stdout } = await docker([
      'container',
      'inspect',
      '--format',
      '{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}',
      'cc-ci-edge',
    ])
    expect(new Set(stdout.trim().split(' '))).toEqual(new Set(['127.0.0.1']))
  })
})

describe('a foreign edge', () => {
  test.each(['', undefined])('is none when CC_CI_EDGE is %j', (CC_CI_EDGE) =>
    expect(foreignEdge({ CC_CI_EDGE })).toBeNull(),
  )

  test('is an address whose API is not asked', async () => {
    const foreign = foreignEdge({ CC_CI_EDGE: '192.0.2.7:8443' })
    expect(foreign).toEqual({ host: '192.0.2.7', httpsPort: 8443, httpPort: null, apiPort: null, ca: null })
    expect(await routesFor(domain, foreign as EdgeAddress)).toBeNull()
  })

  test.each(['host', 'host:', ':443', 'host:0', 'host:70000', 'host:443/x', 'a b:1'])(
    'is refused as %j',
    (CC_CI_EDGE) => {
      expect(() => foreignEdge({ CC_CI_EDGE })).toThrow(expect.objectContaining({ code: 'bad-edge' }))
    },
  )
})

test.each([
  ['Host(`a.ci.test`)', true],
  ['Host(`A.ci.test`)', true],
  ['Host(`x.ci.test`,`a.ci.test`)', true],
  ['Host(`b.ci.test`) || Host(`a.ci.test`) && PathPrefix(`/x`)', true],
  ['Host(`ba.ci.test`)', false],
  ['Host(`a.ci.test.example.org`)', false],
  ['PathPrefix(`a.ci.test`)', false],
])('%s names a.ci.test: %s', (rule, names) => expect(namesHost(rule, 'a.ci.test')).toBe(names))

async function startApp(): Promise<void> {
  const labels = {
    'traefik.enable': 'true',
    [`traefik.http.services.${name}.loadbalancer.server.port`]: '8080',
    [`traefik.http.routers.${name}.rule`]: `Host(\`${domain}\`)`,
    [`traefik.http.routers.${name}.entrypoints`]: 'web-secure',
    [`traefik.http.routers.${name}.tls.certresolver`]: '',
  }
  await docker([
    ...[
      'service',
      'create',
      '--detach',
      '--name',
      name,
      '--no-resolve-image',
      '--stop-grace-period',
      '1s',
      '--endpoint-mode',
      'dnsrr',
      '--network',
      'proxy',
    ],
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...[
      'cc-ci/toolbox:1',
      'sh',
      '-c',
      'mkdir /w && echo hello from the app > /w/index.html && exec busybox httpd -f -p 8080 -h /w',
    ],
  ])
}

async function running(): Promise<void> {
  const result = await waitFor<true, string>(
    async () => {
      const { stdout } = await docker(['service', 'ps', '--format', '{{.CurrentState}}', name])
      if (stdout.includes('Failed') || stdout.includes('Rejected')) return { state: 'impossible', cause: stdout }
      return stdout.startsWith('Running') ? { state: 'ready', value: true } : { state: 'waiting', reason: stdout }
    },
    { name: 'the task to run', timeoutMs: 30_000, everyMs: 100 },
  )
  expect(result.state).toBe('ready')
}

async function taskAddress(): Promise<string> {
  const { stdout: id } = await docker(['ps', '--quiet', '--filter', `label=com.docker.swarm.service.name=${name}`])
  const { stdout } = await docker([
    'container',
    'inspect',
    '--format',
    '{{.NetworkSettings.Networks.proxy.IPAddress}}',
    id.trim(),
  ])
  return stdout.trim()
}

function fetchHttps(
  host: string,
  { host: address, httpsPort, ca }: EdgeAddress,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: address,
      port: httpsPort,
      servername: host,
      headers: { host },
      ca: ca ?? undefined,
      agent: false,
      timeout: 5000,
    }
    get(options, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    }).on('error', reject)
  })
}
