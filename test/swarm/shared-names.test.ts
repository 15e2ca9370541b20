// cspell:ignore getent ahostsv
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EDGE_CONTAINER } from '../../src/edge/address.ts'
import { SHARED_HOSTS } from '../../src/edge/shared-hosts.ts'
import { docker, tryDocker } from '../../src/engine/docker-cli.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { randomId } from '../../src/lib/ids.ts'
import type { ComposeModel } from '../../src/recipe/model.ts'
import { foreignRoutes } from '../../src/recipe/policy/routes.ts'

const MINUTE = 60_000
const TOOLBOX = 'cc-ci/toolbox:1'
/** Names under which every app looks for what the machine shares. */
const SHARED = [...Object.values(SHARED_HOSTS), EDGE_CONTAINER, 'ccci-keycloak']
const own = { domain: 'app-1.ci.test', stack: 'app-1_ci_test', strict: false }
/** What an app may want to be called that comes near. */
const NEAR = [
  ...['keycloak', 'Keycloak', 'keycloak-ci-test', 'keycloak.ci.test.example.org', 'edge', 'app', 'ci'],
  ...[own.domain, `www.${own.domain}`, `keycloak.${own.domain}`, own.stack, `${own.stack}_keycloak`],
]

// Of the test alone: on the network `proxy` runs of others would be asked.
const id = `sn-${randomId(6)}`
const NAMES = ['true', 'app', 'taker', 'asks'] as const
type Name = (typeof NAMES)[number]

beforeAll(() => docker(['network', 'create', '--driver', 'overlay', '--attachable', id]), MINUTE)

afterAll(async () => {
  for (const name of NAMES) await tryDocker(['rm', '--force', `${id}-${name}`], { timeoutMs: 2 * MINUTE })
  const gone = await waitFor<true, never>(
    async () => {
      const removed = await tryDocker(['network', 'rm', id])
      return removed.exitCode === 0 || /not found|no such/i.test(removed.stderr)
        ? { state: 'ready', value: true }
        : { state: 'waiting', reason: removed.stderr }
    },
    { name: 'the network to be removed', timeoutMs: 2 * MINUTE, everyMs: 200 },
  )
  expect(gone.state).toBe('ready')
}, 10 * MINUTE)

test(
  'what the machine shares is found at its own address alone, whatever an app may be called',
  async () => {
    const spellings = SHARED.flatMap((name) => [name, name.toUpperCase(), `${name}.`])
    expect(spellings.filter((name) => WAYS.some((way) => admitted(way(name))))).toEqual([])
    const names = NEAR.filter((name) => admitted(asAlias(name)))
    const hostNames = NEAR.filter((name) => admitted(asHostName(name)))
    expect(names.length).toBeGreaterThan(3)
    expect(hostNames.length).toBeGreaterThan(6)

    await start('true', aliases(SHARED))
    await start('app', ['--hostname', 'keycloak', ...aliases([...names, ...hostNames])])
    await start('asks', [])
    const [truth, app] = [await addressOf('true'), await addressOf('app')]
    for (const name of SHARED) expect([name, await resolve(name)]).toEqual([name, [truth]])
    expect(await resolve(own.domain)).toEqual([app])

    // No hollow proof: who may have these names is found under them.
    await start('taker', aliases(SHARED))
    const taker = await addressOf('taker')
    for (const name of SHARED) expect([name, await resolve(name)]).toEqual([name, [truth, taker].sort()])
  },
  10 * MINUTE,
)

type Way = (name: string) => ComposeModel
const modelOf = (services: ComposeModel['services']): ComposeModel => ({
  services,
  networks: { proxy: { external: true } },
  volumes: {},
  secrets: {},
  configs: {},
})
const asAlias: Way = (name) => modelOf({ app: { networks: { proxy: { aliases: [name] } } } })
const asHostName: Way = (name) => modelOf({ app: { hostname: name, networks: { proxy: null } } })
const WAYS: readonly Way[] = [
  asAlias,
  asHostName,
  (name) => modelOf({ [name]: { networks: { proxy: null } } }),
  (name) => modelOf({ app: { container_name: name, networks: { proxy: null } } }),
]

function admitted(model: ComposeModel): boolean {
  return foreignRoutes(model, own, ['proxy']).length === 0
}

function aliases(names: readonly string[]): string[] {
  return names.flatMap((name) => ['--network-alias', name])
}

async function start(name: Name, args: readonly string[]): Promise<void> {
  const about = ['--detach', '--init', '--name', `${id}-${name}`, '--network', id]
  await docker(['run', ...about, ...args, TOOLBOX, 'sleep', '3600'], { timeoutMs: 2 * MINUTE })
}

async function addressOf(name: Name): Promise<string> {
  const format = `{{(index .NetworkSettings.Networks "${id}").IPAddress}}`
  return (await docker(['container', 'inspect', '--format', format, `${id}-${name}`])).stdout.trim()
}

/** Every address that the engine's name server gives to a container beside. */
async function resolve(name: string): Promise<string[]> {
  const { stdout } = await docker(['exec', `${id}-asks`, 'getent', 'ahostsv4', name])
  return [...new Set(stdout.split('\n').flatMap((line) => line.split(' ')[0] || []))].sort()
}
