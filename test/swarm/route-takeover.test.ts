// cspell:ignore rtmp
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { randomId } from '../../src/lib/ids.ts'
import { foreignRoutes } from '../../src/recipe/policy/routes.ts'
import {
  CC_CI,
  type EdgeKind,
  type EntryPoint,
  OPERATOR_EDGES,
  OPERATORS_APP,
  OPERATORS_HOSTS,
} from './support/operator-edges.ts'
import { answers, calledBy, MARK, type Running, routersAt, startEdge } from './support/route-edge.ts'
import { type Asking, askings, FOREIGN_HOSTS } from './support/route-labels.ts'

/** Other seeds are tried by hand: `ROUTE_SEED=7 npx vitest run test/swarm/route-takeover.test.ts`. */
const SEED = Number(process.env.ROUTE_SEED ?? 34)
const TRIED = 1000
const ASKED = 90
/** So many of those also as containers. */
const CONTAINERS = 6
/** Traefik's own answer where no router is for the request. */
const NOBODY = '404 404 page not found'

const engine = await Engine.connect()
const id = `rt-${randomId(6)}`
const services: string[] = []
const containers: string[] = []

/** As labels of services, and as labels of containers: some read these too. */
const strange = (asking: Asking, strict: boolean) =>
  [{ deploy: { labels: asking.labels } }, { labels: asking.labels }].some(
    (app) =>
      foreignRoutes(
        { services: { app }, networks: {}, volumes: {}, secrets: {}, configs: {} },
        { domain: asking.domain, stack: asking.stack, strict },
        [],
      ).length > 0,
  )

const appOf = (index: number) => ({ domain: `p${index}-${id}.ci.test`, stack: `p${index}-${id}_ci_test` })
const tried = Array.from({ length: TRIED }, (_, index) => {
  const { domain, stack } = appOf(index)
  return fc.sample(askings(domain, stack), { seed: SEED + index, numRuns: 1 })[0] as Asking
})
const admitted = tried.filter((asking) => !strange(asking, false)).slice(0, ASKED)
const strictly = admitted.filter((asking) => !strange(asking, true))
const ordinary: Asking = {
  ...appOf(TRIED),
  labels: { [`traefik.http.routers.${appOf(TRIED).stack}.rule`]: `Host(\`${appOf(TRIED).domain}\`)` },
}

/** One spelling of a host that is not the app's own each, as the review of the policy found them. */
const TAKEN: readonly (readonly [victim: string, label: string, value: (victim: string) => string])[] = [
  ['dot', 'traefik.http.routers.NAME.rule', (victim) => `Host(\`${victim}.\`)`],
  ['hex', 'traefik.http.routers.NAME.rule', (victim) => `Host("${victim.slice(0, -1)}\\x74")`],
  ['octal', 'traefik.http.routers.NAME.rule', (victim) => `Host("${victim.slice(0, -1)}\\164")`],
  ['short', 'traefik.http.routers.NAME.rule', (victim) => `Host("${victim.slice(0, -1)}\\u0074")`],
  ['long', 'traefik.http.routers.NAME.rule', (victim) => `Host("${victim.slice(0, -1)}\\U00000074")`],
  ['return', 'traefik.http.routers.NAME.rule', (victim) => `Host(\`${victim.slice(0, -1)}\rt\`)`],
  ['bracket', 'traefik.http.routers[NAME].rule', (victim) => `Host(\`${victim}\`)`],
  ['regexp', 'traefik.http.routers[NAME].rule', (victim) => `HostRegexp(\`^${victim}$\`)`],
]
/** What stands in the address of a task: Traefik would call itself, or anybody, for whoever asks the app. */
const LED: readonly (readonly [option: string, value: string])[] = [
  ['port', '80@127.0.0.1:8080'],
  ['scheme', 'http://127.0.0.1:8080/?'],
]
const victimOf = (name: string) => `${name}-victim.ci.test`
const taking = TAKEN.map(([name, label, value], index): Asking => {
  const app = appOf(TRIED + 1 + index)
  return { ...app, labels: { [label.replace('NAME', app.stack)]: value(victimOf(name)) } }
})
const leading = LED.map(([option, value], index): Asking => {
  const app = appOf(TRIED + 1 + TAKEN.length + index)
  const rule = { [`traefik.http.routers.${app.stack}.rule`]: `Host(\`${app.domain}\`)` }
  return { ...app, labels: { ...rule, [`traefik.http.services.${app.stack}.loadbalancer.server.${option}`]: value } }
})

beforeAll(async () => {
  await engine.objects.createNetwork(id, { [MARK]: id })
  const lots = [
    ...[...admitted, ordinary].map((asking) => ({
      asking,
      lot: strictly.includes(asking) || asking === ordinary ? 'strict' : 'open',
    })),
    ...[...taking, ...leading].map((asking) => ({ asking, lot: 'taking' })),
    { asking: OPERATORS_APP, lot: 'operator' },
  ]
  for (const { asking, lot } of lots) {
    services.push(asking.stack)
    await engine.objects.createService(serviceOf(asking, lot))
  }
  for (const asking of strictly.slice(0, CONTAINERS)) await runContainer(asking)
}, 600_000)

afterAll(async () => {
  for (const name of containers) await docker(['rm', '--force', '--volumes', name], { timeoutMs: 120_000 })
  for (const name of services) await engine.objects.remove('service', name)
  const gone = await waitFor<true, never>(
    async () => {
      try {
        await engine.objects.remove('network', id)
      } catch (error) {
        return { state: 'waiting', reason: String(error) }
      }
      return { state: 'ready', value: true }
    },
    { name: 'the network to be removed', timeoutMs: 120_000, everyMs: 200 },
  )
  expect(gone.state).toBe('ready')
}, 600_000)

test('of labels that the policy admits none takes a request for another host', async () => {
  // No hollow proof: many are asked, and of many of these there is a router.
  expect(admitted).toHaveLength(ASKED)
  const edge = await proxyFor(CC_CI, ['open', 'strict'], ASKED / 3)
  expect(await answers(edge, 'web', ordinary.domain)).not.toBe(NOBODY)
  const own = await Promise.all(
    admitted.flatMap(({ domain }) => [answers(edge, 'web', domain), answers(edge, 'web', `www.${domain}`)]),
  )
  expect(own.filter((answer) => answer !== NOBODY).length).toBeGreaterThan(ASKED / 18)
  expect(await foreignAnswers(edge, ['web', 'web-secure'])).toEqual([])
  const called = await calledBy(edge)
  expect(called.length).toBeGreaterThan(ASKED / 3)
  expect(called.filter((address) => !OWN_ADDRESS.test(address))).toEqual([])
})

test('nor takes a name that an operator has given to another app', () => {
  const named = tried.filter(({ labels }) => Object.keys(labels).some((label) => label.includes(OPERATORS_APP.stack)))
  expect(named.length).toBeGreaterThan(TRIED / 50)
  expect(named.filter((asking) => !strange(asking, true))).toEqual([])
})

test.each(OPERATOR_EDGES)("nor at an operator's own edge, $about, at any of its entry points", async (kind) => {
  expect(strictly.length).toBeGreaterThan(ASKED / 5)
  const edge = await proxyFor(kind, ['strict', 'operator'], ASKED / 10)
  if (kind.containers) expect((await routersAt(edge, 'docker')).length).toBeGreaterThan(0)
  expect(await foreignAnswers(edge, ['web', 'web-secure', 'ssh', 'rtmp'])).toEqual([])
  // The operator's own app is where it was: nobody has its name as well. Its task does not answer.
  expect(await answers(edge, 'web-secure', OPERATORS_APP.domain)).toMatch(/^50\d /)
  expect(await routersAt(edge, 'swarm')).toContain(`${OPERATORS_APP.stack}@swarm`)
})

test('spellings that the policy refuses do take it', async () => {
  expect(taking.filter((asking) => !strange(asking, false) || !strange(asking, true))).toEqual([])
  const edge = await proxyFor(CC_CI, ['taking'], taking.length + leading.length)
  const left = []
  for (const [name] of TAKEN) {
    if ((await answers(edge, 'web', victimOf(name))) === NOBODY) left.push(name)
  }
  expect(left).toEqual([])
})

test('labels that the policy refuses have it call whom they name', async () => {
  expect(leading.filter((asking) => !strange(asking, false) || !strange(asking, true))).toEqual([])
  const edge = await proxyFor(CC_CI, ['taking'], taking.length + leading.length)
  for (const { domain } of leading) expect(await answers(edge, 'web', domain, '/api/version')).toMatch(/^200 .*Version/)
})

/** Never a task: a virtual address is enough for Traefik, and nobody has to answer there. */
function serviceOf({ stack, labels }: Asking, lot: string): object {
  const common = { 'traefik.enable': 'true', 'traefik.swarm.lbswarm': 'true', [MARK]: id, [`${MARK}.lot`]: lot }
  return {
    Name: stack,
    Labels: { [`traefik.http.services.${stack}.loadbalancer.server.port`]: '8080', ...labels, ...common },
    TaskTemplate: { ContainerSpec: { Image: 'cc-ci/toolbox:1' }, Networks: [{ Target: id }] },
    Mode: { Replicated: { Replicas: 0 } },
    EndpointSpec: { Mode: 'vip' },
  }
}

/** The same labels, of a container that does nothing. */
async function runContainer({ stack, labels }: Asking): Promise<void> {
  const name = `${id}-${stack}`
  containers.push(name)
  const common = { 'traefik.enable': 'true', [MARK]: id, [`${MARK}.lot`]: 'strict' }
  const port = { [`traefik.http.services.${stack}.loadbalancer.server.port`]: '8080' }
  const given = Object.entries({ ...port, ...labels, ...common }).flatMap(([key, value]) => [
    '--label',
    `${key}=${value}`,
  ])
  const about = ['--detach', '--init', '--name', name, '--network', id]
  await docker(['run', ...about, ...given, 'cc-ci/toolbox:1', 'sleep', '3600'], { timeoutMs: 300_000 })
}

/** For services of these lots alone. */
function proxyFor(kind: EdgeKind, lots: readonly string[], needed: number): Promise<Running> {
  const name = `${id}-${containers.length}`
  containers.push(name)
  return startEdge(kind, { name, id, lots, needed })
}

/** The virtual address of a service in the network of the test. */
const OWN_ADDRESS = /^(?:(?:https?|h2c):\/\/)?10(?:\.\d+){3}(?::\w*)?$/i

/** Requests that did not end with Traefik's own "nobody has this", nor with what else it answers itself. */
async function foreignAnswers(edge: Running, at: readonly EntryPoint[]): Promise<string[]> {
  const hosts = [...FOREIGN_HOSTS, ...OPERATORS_HOSTS]
  const asked = at.flatMap((entryPoint) =>
    hosts.flatMap((host) => ['/', '/x'].map((path) => ({ entryPoint, host, path }))),
  )
  const found: string[] = []
  for (const { entryPoint, host, path } of asked) {
    const answer = await answers(edge, entryPoint, host, path)
    const own = edge.kind.own?.(entryPoint, host) ?? null
    const expected = own === null ? answer === NOBODY : own.test(answer)
    if (!expected) found.push(`${entryPoint} ${host}${path}: ${answer}`)
  }
  return found
}
