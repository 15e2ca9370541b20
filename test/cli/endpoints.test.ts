import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mountedSocket } from '../../src/engine/endpoint.ts'
import { execOk } from '../../src/lib/process/exec.ts'
import { openWorkshop } from './cc-ci.ts'

let certificates = ''
const servers: Server[] = []
beforeAll(async () => {
  certificates = mkdtempSync(join(tmpdir(), 'cc-ci-tls-'))
  await makeCertificates(certificates)
})
afterAll(async () => {
  for (const server of servers) server.close()
  rmSync(certificates, { recursive: true, force: true })
})

/** `ca.pem`, `cert.pem` and `key.pem`, as DOCKER_CERT_PATH has them; the same leaf serves both ends. */
async function makeCertificates(cwd: string): Promise<void> {
  const openssl = (args: readonly string[]) => execOk('openssl', args, { timeoutMs: 300_000, cwd })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await openssl(['req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=engine authority'])
  await openssl(['req', ...newKey, '-keyout', 'key.pem', '-out', 'leaf.csr', '-subj', '/CN=localhost'])
  writeFileSync(
    join(cwd, 'leaf.ext'),
    'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
  )
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'leaf.ext']
  await openssl(['x509', '-req', '-in', 'leaf.csr', ...signing, '-out', 'cert.pem'])
}

/** The engine's socket on a port of loopback, as `dockerd --host tcp://` has it; half-closed connections stay open in the other direction. */
async function listening(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}

function relay(client: Socket): void {
  const engine = createConnection({ path: mountedSocket(), allowHalfOpen: true })
  for (const [one, other] of [
    [client, engine],
    [engine, client],
  ] as const) {
    one.pipe(other)
    one.on('error', () => other.destroy())
  }
}

const pem = (name: string) => readFileSync(join(certificates, name))

test.each<[string, () => Promise<Record<string, string>>]>([
  [
    'plain TCP',
    async () => ({ DOCKER_HOST: `tcp://127.0.0.1:${await listening(createServer({ allowHalfOpen: true }, relay))}` }),
  ],
  [
    'TLS with certificates of both ends',
    async () => {
      const keys = { key: pem('key.pem'), cert: pem('cert.pem'), ca: pem('ca.pem') }
      const server = createTlsServer(
        { ...keys, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true },
        relay,
      )
      const port = await listening(server)
      return { DOCKER_HOST: `tcp://localhost:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates }
    },
  ],
])('an engine of this machine that is reached by %s installs, upgrades, and is left clean', async (_what, endpoint) => {
  await using workshop = openWorkshop()
  const recipe = await workshop.recipe('custom-html')
  const { results, exitCode, stdout } = await workshop.test(
    [recipe, '--only', 'install,upgrade,backup,teardown', '--approve-code'],
    {
      env: await endpoint(),
    },
  )
  expect(exitCode, stdout).toBe(0)
  const judged = results.tiers.filter(({ status }) => status !== 'skip').map(({ id, status }) => [id, status])
  expect(judged).toEqual([
    ['install', 'pass'],
    ['upgrade', 'pass'],
    ['backup', 'pass'],
    ['teardown', 'pass'],
  ])
  expect(results.leaks).toEqual([])
})

test('an engine behind ssh is refused with the reason, and nothing is made', async () => {
  await using workshop = openWorkshop()
  const recipe = await workshop.recipe('custom-html')
  const { exitCode, stderr } = await workshop.run(['test', recipe], { env: { DOCKER_HOST: 'ssh://root@127.0.0.1' } })
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/the engine at ssh:\/\/root@127\.0\.0\.1 is not on this machine\n {2}Run cc-ci on the machine/)
  const doctor = await workshop.run(['doctor'], { env: { DOCKER_HOST: 'ssh://root@127.0.0.1' } })
  expect(doctor.stdout).toMatch(/CANNOT +Docker engine +the engine at ssh:/)
})
