// cspell:ignore usersfile HTTPD letsencrypt Mountpoint
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { postgres } from '../../fixtures/images/postgres.ts'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { ensureEngine29 } from '../../scripts/setup/engine-29/build.ts'
import { copyImages } from '../../scripts/setup/engine-29/images.ts'
import {
  startEngine,
  stopEngine,
  sweepEngines,
  type TestEngine,
  within,
} from '../../scripts/setup/engine-29/namespaces.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { inputTag } from '../../src/images/definition.ts'
import { traefikImage } from '../../src/images/traefik.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { randomId } from '../../src/lib/ids.ts'
import { exec, wholeEnv } from '../../src/lib/process/exec.ts'
import { parseResults } from '../../src/verdict/results.ts'

// A Swarm of somebody else: their Traefik is the edge, their apps serve, one of them crashes again and again. On an engine of its own: every object is told from ours.
const MINUTE = 60_000
const CC_CI = [process.execPath, '--disable-warning=ExperimentalWarning', 'src/cli/main.ts']
const IMAGES = [...['base', 'toolbox', 'traefik', 'browser'].map((name) => `cc-ci/${name}:`), 'cc-ci-fixtures/busybox']
const PARENT = '/var/tmp'
const PREFIX = 'cc-ci-fs-'
// The certificate is for apps under test.
const DASHBOARD = 'traefik-of-a-person.ci.test'
const SHOP = 'shop.of-a-person.coop'
const PASSWORD = 'only-the-operator-knows'

let engine: TestEngine
let work: string

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'cc-ci-foreign-'))
  await sweepEngines(PARENT, PREFIX)
  await new ImageBuilder(() => undefined).ensure(postgres())
  const dir = join(PARENT, `${PREFIX}${randomId(6)}`)
  engine = await startEngine({ dir, binaries: await ensureEngine29(() => undefined), withMe: true })
  await copyImages(engine, [...IMAGES, postgres().tag])
  await docker('swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1')
  await docker('network', 'create', '--driver', 'overlay', '--attachable', 'proxy')
}, 30 * MINUTE)

afterAll(async () => {
  await stopEngine(engine.dir)
  rmSync(work, { recursive: true, force: true })
}, MINUTE)

test(
  'whole lives, a red one, one that is killed, and gc: nothing of theirs is touched, and nothing of ours is left',
  async () => {
    await deployTheirs()
    const before = await theirs()
    const polled = join(work, 'polled')
    const stop = new AbortController()
    const polling = on([process.execPath, '-e', POLL, SHOP, polled], { signal: stop.signal }).catch(onlyAborted)
    await expect
      .poll(() => existsSync(polled) && readFileSync(polled, 'utf8').length, { timeout: MINUTE })
      .toBeGreaterThan(2)

    const green = await life('healthy')
    expect([green.verdict, green.environment], JSON.stringify(green.tiers)).toMatchObject(['pass', { edge: 'foreign' }])
    expect((await life('crash-loop')).verdict).toBe('fail')
    await killInMidRun('healthy')
    const swept = await on([...CC_CI, 'gc'])
    expect(swept.exitCode, swept.said).toBe(EXIT.pass)

    stop.abort()
    await polling
    const answers = readFileSync(polled, 'utf8')
    expect(answers.length).toBeGreaterThan(100)
    expect(answers.replaceAll('.', '')).toBe('')
    expect(await theirs()).toEqual(before)
    await expectWritten()
  },
  20 * MINUTE,
)

/** `cc-ci test` with default settings behind their Traefik. */
async function life(name: string) {
  const { dir } = await buildRecipe(name, join(work, `${name}-${randomId(4)}`))
  const file = join(work, `${randomId(6)}.json`)
  const done = await on([...CC_CI, 'test', dir, '--json', file])
  expect(existsSync(file), done.said).toBe(true)
  return parseResults(JSON.parse(readFileSync(file, 'utf8')), file)
}

/** As the kernel does it: nothing of the run can clean up behind itself. */
async function killInMidRun(name: string): Promise<void> {
  const { dir } = await buildRecipe(name, join(work, `killed-${randomId(4)}`))
  const kill = new AbortController()
  const run = on([...CC_CI, 'test', dir], { signal: kill.signal, graceMs: 0 }).catch(onlyAborted)
  const own = new Set((await docker('service', 'ls', '--format', '{{.Name}}')).split('\n'))
  const begun = async () =>
    (await docker('service', 'ls', '--format', '{{.Name}}')).split('\n').some((one) => !own.has(one))
  await expect.poll(begun, { timeout: 3 * MINUTE }).toBe(true)
  kill.abort()
  await run
  expect(await begun()).toBe(true)
}

function onlyAborted(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error
}

async function on(
  command: readonly string[],
  { signal, graceMs }: { signal?: AbortSignal; graceMs?: number } = {},
): Promise<{ exitCode: number | null; said: string }> {
  const edge = {
    CC_CI_EDGE: '127.0.0.1:443',
    CC_CI_EDGE_CA: join(work, 'authority.pem'),
    CC_CI_EDGE_API: `https://ops:${PASSWORD}@${DASHBOARD}`,
  }
  const named = Object.entries(edge).map(([name, value]) => `${name}=${value}`)
  const [file = '', ...args] = within(engine, ['env', ...named, ...command])
  const env = { ...wholeEnv(), NO_COLOR: '1' }
  const about = {
    timeoutMs: 15 * MINUTE,
    env,
    ...(signal ? { signal } : {}),
    ...(graceMs === undefined ? {} : { graceMs }),
  }
  const { exitCode, stdout, stderr } = await exec(file, args, about)
  return { exitCode, said: `${stdout}${stderr}` }
}

async function docker(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await exec('docker', ['--host', `unix://${engine.socket}`, ...args], {
    timeoutMs: 3 * MINUTE,
    env: wholeEnv(),
    maxBytes: 32 * 1024 ** 2,
  })
  if (exitCode !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** Writes a character for each request: a full stop where the shop answered. */
const POLL = `const [host, file] = process.argv.slice(1)
const { appendFileSync } = require('node:fs')
const ask = () => {
  const request = require('node:https').get(
    { host: '127.0.0.1', port: 443, servername: host, headers: { host }, rejectUnauthorized: false, timeout: 10000 },
    (answer) => { answer.resume(); answer.on('end', () => appendFileSync(file, answer.statusCode === 200 ? '.' : 'x')) },
  )
  request.on('timeout', () => request.destroy(new Error('late')))
  request.on('error', () => appendFileSync(file, 'e'))
  request.on('close', () => setTimeout(ask, 250))
}
ask()`

async function deployTheirs(): Promise<void> {
  const { ca, certificate, key } = await makeCertificate()
  writeFileSync(join(work, 'authority.pem'), ca)
  mkdirSync(join(work, 'theirs'))
  const files = {
    'file-provider.yml': FILE_PROVIDER,
    'ssl_cert.pem': certificate,
    'ssl_key.pem': key,
    usersfile: USERS,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, 'theirs', name), text)
  for (const [stack, compose] of Object.entries(stacks())) {
    const file = join(work, 'theirs', `${stack}.yml`)
    writeFileSync(file, compose)
    await docker('stack', 'deploy', '--detach=true', '--resolve-image', 'never', '--compose-file', file, stack)
  }
  // What nobody labelled, and what somebody started by hand.
  await docker('volume', 'create', 'by-hand')
  await docker('volume', 'create', '--label', 'backupbot.backup=true', 'labelled')
  await docker('network', 'create', 'by-hand')
  await docker('network', 'create', '--driver', 'overlay', '--attachable', 'team')
  await docker('secret', 'create', 'by_hand_v1', join(work, 'theirs', 'usersfile'))
  await docker('config', 'create', '--label', 'team=ours', 'by_hand_v1', join(work, 'theirs', 'file-provider.yml'))
  const hand = [
    '--detach',
    '--init',
    '--name',
    'by-hand',
    '--network',
    'by-hand',
    '--volume',
    'by-hand:/data',
    '--restart',
    'always',
  ]
  await docker('run', ...hand, 'cc-ci-fixtures/busybox:1', 'sh', '-c', 'echo theirs > /data/kept; exec sleep 1000000')
  await docker('tag', 'cc-ci-fixtures/busybox:1', 'registry.of-a-person.coop/tool:1')
  const settled = async () => (await steadyTasks()).every(({ state }) => state.startsWith('Running'))
  await expect.poll(settled, { timeout: 5 * MINUTE, interval: 1000 }).toBe(true)
  const answers = () => on([process.execPath, '-e', ONCE, SHOP])
  await expect.poll(async () => (await answers()).said, { timeout: 2 * MINUTE, interval: 1000 }).toBe('200')
  // The first lines of everything are written.
  await expect.poll(() => written().length, { timeout: MINUTE }).toBeGreaterThan(3)
}

const ONCE = `const [host] = process.argv.slice(1)
require('node:https').get({ host: '127.0.0.1', port: 443, servername: host, headers: { host }, rejectUnauthorized: false },
  (answer) => { process.stdout.write(String(answer.statusCode)); answer.resume() }).on('error', (error) => process.stdout.write(error.message))`

const USERS = `ops:{SHA}${createHash('sha1').update(PASSWORD).digest('base64')}\n`
const FILE_PROVIDER = `http:
  routers:
    dashboard: { rule: 'Host(\`${DASHBOARD}\`)', entryPoints: [web-secure], middlewares: [basicauth], service: api@internal, tls: {} }
  middlewares:
    basicauth:
      basicAuth: { usersFile: /run/secrets/usersfile }
tls:
  stores:
    default:
      defaultCertificate: { certFile: /run/secrets/ssl_cert, keyFile: /run/secrets/ssl_key }
`

/** As Co-op Cloud's recipes look once they are deployed: a Traefik, a shop whose data never stands still, a database, and an app that is broken. */
function stacks(): Readonly<Record<string, string>> {
  const proxy = '\nnetworks: { proxy: { external: true } }\n'
  return {
    traefik_of_a_person_coop: `version: '3.8'
services:
  app:
    image: ${inputTag(traefikImage())}
    command:
      - --providers.swarm=true
      - --providers.swarm.exposedByDefault=false
      - --providers.swarm.network=proxy
      - --providers.swarm.refreshSeconds=1
      - --providers.file.filename=/etc/traefik/file-provider.yml
      - --api.dashboard=true
      - --ping=true
      - --entryPoints.web.address=:80
      - --entryPoints.web.http.redirections.entryPoint.to=web-secure
      - --entryPoints.web.http.redirections.entryPoint.scheme=https
      - --entryPoints.web-secure.address=:443
    ports:
      - { target: 80, published: 80, mode: host }
      - { target: 443, published: 443, mode: host }
    volumes: ['letsencrypt:/etc/letsencrypt', 'file-providers:/etc/traefik/file-providers', '${engine.socket}:/var/run/docker.sock:ro']
    configs: [{ source: file-provider, target: /etc/traefik/file-provider.yml }]
    secrets: [usersfile, ssl_cert, ssl_key]
    networks: [proxy]
    deploy:
      update_config: { failure_action: rollback, order: stop-first }
      labels:
        - traefik.enable=true
        - traefik.http.services.traefik.loadbalancer.server.port=web
        - coop-cloud.traefik_of_a_person_coop.version=3.0.0+v3.7.15
volumes: { letsencrypt: {}, file-providers: {} }
configs: { file-provider: { name: traefik_of_a_person_coop_file_provider_v1, file: ./file-provider.yml } }
secrets:
  usersfile: { name: traefik_of_a_person_coop_usersfile_v1, file: ./usersfile }
  ssl_cert: { name: traefik_of_a_person_coop_ssl_cert_v1, file: ./ssl_cert.pem }
  ssl_key: { name: traefik_of_a_person_coop_ssl_key_v1, file: ./ssl_key.pem }
${proxy}`,
    shop_of_a_person_coop: `version: '3.8'
services:
  app:
    image: cc-ci-fixtures/busybox:1
    command: ['sh', '-c', 'mkdir -p /data/www; echo shop > /data/www/index.html; (n=0; while :; do n=$$((n+1)); echo $$n >> /data/orders; sleep 1; done) & exec httpd -f -p 8080 -h /data/www']
    volumes: ['data:/data']
    networks: [proxy, internal]
    deploy:
      labels:
        - traefik.enable=true
        - traefik.http.services.shop.loadbalancer.server.port=8080
        - traefik.http.routers.shop.rule=Host(\`${SHOP}\`)
        - traefik.http.routers.shop.entrypoints=web-secure
        - traefik.http.routers.shop.tls=true
        - backupbot.backup=true
        - coop-cloud.shop_of_a_person_coop.version=1.0.0+1
  db:
    image: ${postgres().tag}
    environment: { POSTGRES_PASSWORD_FILE: /run/secrets/db_password }
    secrets: [db_password]
    volumes: ['db:/var/lib/postgresql/data']
    networks: [internal]
volumes: { data: {}, db: {} }
secrets: { db_password: { name: shop_of_a_person_coop_db_password_v1, file: ./usersfile } }
networks: { proxy: { external: true }, internal: {} }
`,
    broken_of_a_person_coop: `version: '3.8'
services:
  app:
    image: cc-ci-fixtures/busybox:1
    command: ['sh', '-c', 'sleep 5; exit 7']
    networks: [proxy]
    deploy: { restart_policy: { delay: 5s } }
${proxy}`,
  }
}

/** Tasks that should stay as they are: those of the broken app come and go. */
async function steadyTasks() {
  const services = (await docker('service', 'ls', '--format', '{{.Name}}'))
    .split('\n')
    .filter((name) => !name.startsWith('broken'))
  const lines = await docker(
    'service',
    'ps',
    '--no-trunc',
    '--format',
    '{{.ID}}|{{.Name}}|{{.CurrentState}}',
    ...services,
  )
  return lines.split('\n').map((line) => {
    const [id = '', name = '', state = ''] = line.split('|')
    return { id, name, state }
  })
}

/** Everything on the engine, as far as it says whether somebody has touched it. What is ours would stand here too. */
async function theirs() {
  const ids = async (kind: string, ...more: string[]) =>
    [...new Set((await docker(kind, 'ls', '-q', ...more)).split('\n'))].filter(Boolean).sort()
  const inspected = async (kind: string, all: readonly string[]) =>
    all.length === 0
      ? []
      : z.array(z.record(z.string(), z.unknown())).parse(JSON.parse(await docker(kind, 'inspect', ...all)))
  const objects = async (kind: string, keys: readonly string[]) =>
    (await inspected(kind, await ids(kind))).map((one) => Object.fromEntries(keys.map((key) => [key, one[key]])))
  const containers = (await inspected('container', await ids('container', '--all'))).filter(
    ({ Name }) => !String(Name).startsWith('/broken'),
  )
  const volumes = await objects('volume', ['Name', 'CreatedAt', 'Labels', 'Options', 'Mountpoint'])
  return {
    services: await objects('service', ['ID', 'Version', 'CreatedAt', 'UpdatedAt', 'Spec']),
    tasks: (await steadyTasks()).map(({ id, name }) => `${id} ${name}`).sort(),
    containers: containers.map(({ Id, RestartCount, State, NetworkSettings, Mounts }) => {
      const { StartedAt, Pid } = State as { StartedAt: string; Pid: number }
      const networks = Object.entries(
        (NetworkSettings as { Networks: Record<string, { EndpointID: string; IPAddress: string }> }).Networks,
      )
      return {
        Id,
        RestartCount,
        StartedAt,
        Pid,
        Mounts,
        networks: networks.map(([name, { EndpointID, IPAddress }]) => [name, EndpointID, IPAddress]),
      }
    }),
    volumes,
    contents: volumes.flatMap(({ Name, Mountpoint }) => {
      const kept = join(String(Mountpoint), 'kept')
      return existsSync(kept) ? [[Name, readFileSync(kept, 'utf8')]] : []
    }),
    networks: await objects('network', ['Id', 'Name', 'Created', 'Labels', 'IPAM']),
    secrets: await objects('secret', ['ID', 'Version', 'UpdatedAt']),
    configs: await objects('config', ['ID', 'Version', 'UpdatedAt']),
    images: (await inspected('image', await ids('image'))).map(({ Id, RepoTags }) => [Id, RepoTags]),
  }
}

/** The numbers that the shop has written, one each second. */
function written(): string[] {
  const file = join(engine.dir, 'data', 'volumes', 'shop_of_a_person_coop_data', '_data', 'orders')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

/** Nothing is missing, nothing stands twice: it never began anew. */
async function expectWritten(): Promise<void> {
  const lines = written()
  expect(lines).toEqual(lines.map((_, n) => String(n + 1)))
  const users = await docker(
    'exec',
    (await docker('ps', '-q', '--filter', 'name=shop_of_a_person_coop_db')).trim(),
    'psql',
    '-U',
    'postgres',
    '-c',
    'select 1',
  )
  expect(users).toContain('1 row')
}
