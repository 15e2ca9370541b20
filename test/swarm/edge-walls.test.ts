// cspell:ignore rawdata Privs
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { NO_ADDITIONS } from '../../src/deploy/deployer.ts'
import { EDGE_CONTAINER, type EdgeAddress } from '../../src/edge/address.ts'
import { ensureEdge } from '../../src/edge/ensure.ts'
import { Engine } from '../../src/engine/client.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import { randomId } from '../../src/lib/ids.ts'
import { scratchStack } from './support/scratch-stack.ts'

const MINUTE = 60_000
const TOOLBOX = 'cc-ci/toolbox:1'
const API_HOST = 'cc-ci-edge.ci.test'
/** Where apps are, and where any other container of the machine may be. */
const PLACES = ['proxy', 'bridge'] as const
type Place = (typeof PLACES)[number]

const id = `ew-${randomId(6)}`
const neighbour = (place: Place) => `${id}-${place}`
const engine = await Engine.connect()
let edge: EdgeAddress
/** Of the edge, by network. */
let addresses: Readonly<Record<string, string>>

beforeAll(async () => {
  edge = await ensureEdge()
  for (const place of PLACES) {
    const about = ['--detach', '--init', '--name', neighbour(place), '--network', place]
    await docker(['run', ...about, TOOLBOX, 'sleep', '3600'], { timeoutMs: 2 * MINUTE })
  }
  const networks = await inspected('{{json .NetworkSettings.Networks}}')
  const parsed = z.record(z.string(), z.object({ IPAddress: z.string() })).parse(JSON.parse(networks))
  addresses = Object.fromEntries(Object.entries(parsed).map(([name, { IPAddress }]) => [name, IPAddress]))
}, 5 * MINUTE)

afterAll(async () => {
  for (const place of PLACES) await docker(['rm', '--force', neighbour(place)], { timeoutMs: 2 * MINUTE })
}, 5 * MINUTE)

interface Question {
  readonly address: string
  readonly port: number
  readonly host: string
  readonly path: string
  readonly key?: string
}

test.each(PLACES)(
  'the API tells a container on the network %s nothing',
  async (place) => {
    const paths = [
      '/api/http/routers',
      '/api/rawdata',
      '/api/overview',
      '/dashboard/',
      '/ping',
      '/metrics',
      '/debug/vars',
    ]
    const near = addresses[place] ?? ''
    const far = Object.values(addresses).filter((address) => address !== near)
    const questions = [
      ...[80, 443, 8080].flatMap((port) =>
        paths.flatMap((path) => [API_HOST, near].map((host): Question => ({ address: near, port, host, path }))),
      ),
      { address: near, port: 8080, host: API_HOST, path: '/api/http/routers', key: '0'.repeat(64) },
      // From one network into another one of the edge's: silence, or the same.
      ...far.map((address): Question => ({ address, port: 8080, host: API_HOST, path: '/api/http/routers' })),
    ]
    const answers = await ask(place, questions)
    expect(answers.filter((answer) => / 2\d\d /.test(answer) || answer.includes('cc-ci-api'))).toEqual([])
    // No hollow proof: it could be reached, said why not, and tells one who has the key, from the same place.
    const statuses = answers.map((answer) => answer.slice(0, 12))
    expect(statuses).toEqual(expect.arrayContaining(['HTTP/1.1 404', 'HTTP/1.1 401']))
    const right = { address: near, port: 8080, host: API_HOST, path: '/api/http/routers', key: edge.apiKey ?? '' }
    expect((await ask(place, [right])).join('')).toContain('cc-ci-api@file')
  },
  10 * MINUTE,
)

test('the key of the API stands in nothing that events of the engine carry', async () => {
  expect(edge.apiKey).toMatch(/^[0-9a-f]{64}$/)
  expect(await inspected('{{json .Config.Labels}} {{json .Args}}')).not.toContain(edge.apiKey)
})

test('the edge has one capability, gets no other, and writes to a volume of its own alone', async () => {
  const { stdout: status } = await docker(
    ['run', '--rm', '--pid', `container:${EDGE_CONTAINER}`, TOOLBOX, 'cat', '/proc/1/status'],
    { timeoutMs: 2 * MINUTE },
  )
  // Number 10 is NET_BIND_SERVICE.
  expect(status).toMatch(/^CapBnd:\s0000000000000400$/m)
  expect(status).toMatch(/^CapEff:\s0000000000000400$/m)
  expect(status).toMatch(/^NoNewPrivs:\s1$/m)
  const bounds = '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}'
  expect(await inspected(bounds)).toBe(`true ${1024 ** 3} 1024`)
  const log = z
    .record(z.string(), z.string())
    .parse(JSON.parse(await inspected('{{json .HostConfig.LogConfig.Config}}')))
  expect(log).toEqual({ 'max-size': '10m', 'max-file': '2' })
})

/** Number 13 is NET_RAW. */
const RAW = 1n << 13n

test.each([
  { rawSockets: false, says: 'cannot: Operation not permitted' },
  { rawSockets: true, says: 'can' },
])(
  'an app sends frames in the name of others: $says',
  async ({ rawSockets, says }) => {
    await using scratch = scratchStack(engine)
    // AF_PACKET, SOCK_RAW, every protocol.
    const program = 'print socket(my $s, 17, 3, 0x0300) ? "can\\n" : "cannot: $!\\n"'
    const script = `perl -e '${program}'; grep CapBnd /proc/1/status; exec sleep 3600`
    const service = { image: TOOLBOX, entrypoint: ['sh', '-c', script], init: true, stop_grace_period: '1s' }
    const up = await scratch.up({ app: service }, { added: { ...NO_ADDITIONS, rawSockets }, timeoutMs: 3 * MINUTE })
    expect(up.state).toBe('ready')
    const task = ['--filter', `label=com.docker.swarm.service.name=${scratch.stack}_app`]
    const { stdout: container } = await docker(['ps', '--quiet', ...task])
    const { stdout: said } = await docker(['logs', container.trim()])
    expect(said).toContain(`${says}\n`)
    const [, set = ''] = /^CapBnd:\s(\w+)$/m.exec(said) ?? []
    expect((BigInt(`0x${set}`) & RAW) !== 0n).toBe(rawSockets)
  },
  6 * MINUTE,
)

async function inspected(format: string): Promise<string> {
  return (await docker(['container', 'inspect', '--format', format, EDGE_CONTAINER])).stdout.trim()
}

/** Asks them all from there, without TLS and with it; the beginning of each answer, empty where there was none. */
async function ask(place: Place, questions: readonly Question[]): Promise<string[]> {
  const lines = questions.map(({ address, port, host, path, key }) => {
    const allowing = key === undefined ? '-' : Buffer.from(`cc-ci:${key}`).toString('base64')
    return [address, port, host, path, allowing].join(' ')
  })
  const { stdout } = await docker(['exec', neighbour(place), 'bash', '-c', ASK, 'ask', ...lines], {
    timeoutMs: 8 * MINUTE,
  })
  return stdout.split('\0').filter((answer) => answer.trim() !== '')
}

const ASK = `for line in "$@"; do
  read -r address port host path key <<< "$line"
  question="GET $path HTTP/1.1\\r\\nHost: $host\\r\\nConnection: close\\r\\n"
  [ "$key" = - ] || question="$question""Authorization: Basic $key\\r\\n"
  export address port question
  timeout 10 bash -c 'exec 3<> "/dev/tcp/$address/$port" && printf "$question\\r\\n" >&3 && cat <&3' 2> /dev/null
  printf '\\0'
  printf "$question\\r\\n" | timeout 10 openssl s_client -quiet -servername "$host" -connect "$address:$port" 2> /dev/null
  printf '\\0'
done`
