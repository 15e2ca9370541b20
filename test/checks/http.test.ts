import { expect, it } from 'vitest'
import { proxyAnswer } from '../../src/checks/proxy-answer.ts'
import { httpExposure, routedServices } from '../../src/checks/routed-services.ts'
import { serversBehind } from '../../src/checks/serving-task.ts'

const route = (servers: string[], status = 'enabled') => ({
  router: 'a@swarm',
  rule: 'Host(`a`)',
  status,
  errors: [],
  entryPoints: ['web-secure'],
  service: 'a@swarm',
  servers,
})
const task = (id: string, address: string) => ({
  id,
  service: 'app',
  addresses: [address],
  container: `c-${id}`,
  healthy: false,
})

it("tells the proxy's own answers from those of the app", () => {
  const notFound = { status: 404, body: '404 page not found\n' }
  expect(proxyAnswer(notFound, false)).toBe('no-router')
  expect(proxyAnswer(notFound, true)).toBeNull()
  expect(proxyAnswer({ status: 502, body: 'Bad Gateway' }, true)).toBe('no-server')
  expect(proxyAnswer({ status: 502, body: '<h1>Bad Gateway</h1>' }, true)).toBeNull()
  expect(proxyAnswer({ status: 200, body: '404 page not found' }, false)).toBeNull()
})

it('finds the tasks behind the routers, and strangers', () => {
  const tasks = [task('t1', '10.0.0.7'), task('t2', '10.0.0.8')]
  expect(serversBehind([route(['http://10.0.0.7:80', 'http://10.0.0.8:80'])], tasks)).toMatchObject({
    routed: true,
    tasks: ['t1', 't2'],
    strangers: [],
  })
  expect(serversBehind([route(['http://10.0.0.9:80'])], tasks)).toMatchObject({
    tasks: [],
    strangers: ['http://10.0.0.9:80'],
  })
  expect(serversBehind([route(['http://10.0.0.7:80'], 'disabled')], tasks)).toMatchObject({ routed: false, tasks: [] })
})

const stack = (labels: Record<string, string>, ofContainer: Record<string, string> = {}) => ({
  model: {
    services: { app: { deploy: { labels }, labels: ofContainer } },
    networks: {},
    volumes: {},
    secrets: {},
    configs: {},
  },
  files: [],
  findings: [],
  place: () => undefined,
})
const ROUTER = {
  'traefik.http.routers.x.rule': 'Host(`a.ci.test`,`b`)',
  'traefik.http.services.x.loadbalancer.server.port': '80',
}
const ON = { 'traefik.enable': 'true' }

it('knows which services ask to be routed', () => {
  const on = stack({ ...ON, ...ROUTER })
  expect(routedServices(on, 'a.ci.test')).toMatchObject([{ service: 'app', port: 80, namesDomain: true }])
  expect(routedServices(on, 'c.ci.test')).toMatchObject([{ namesDomain: false }])
  expect(routedServices(stack(ROUTER), 'a.ci.test')).toEqual([])
})

it.each<[what: string, labels: Record<string, string>, kind: string, says: RegExp]>([
  ['a router with a rule', { ...ON, ...ROUTER }, 'routed', /^$/],
  ['TRUE is true', { 'Traefik.Enable': ' TRUE', ...ROUTER }, 'routed', /^$/],
  ['nothing', {}, 'none', /no service has a label/],
  ['turned off', { 'traefik.enable': 'false', ...ROUTER }, 'none', /no service/],
  ['its network only', { 'traefik.docker.network': 'proxy' }, 'none', /no service/],
  ['TCP only', { ...ON, 'traefik.tcp.routers.x.rule': 'HostSNI(`*`)' }, 'none', /TCP or UDP only/],
  ['UDP only', { ...ON, 'traefik.udp.routers.x.entrypoints': 'voice' }, 'none', /TCP or UDP only/],
  ['TCP without a rule', { ...ON, 'traefik.tcp.routers.x.entrypoints': 'ssh' }, 'unusable', /no router/],
  ['turned on, no router', ON, 'unusable', /no router/],
  ['not turned on', ROUTER, 'unusable', /but not traefik\.enable=true/],
  ['an empty rule', { ...ON, 'traefik.http.routers.x.rule': ' ' }, 'unusable', /router x of app has no rule/],
  [
    'a misspelt group',
    { ...ON, 'traefik.http.router.x.rule': 'Host(`a`)', 'traefik.http.routers.x.entrypoints': 'web' },
    'unusable',
    /router x of app has no rule.*"router" after traefik\.http.*Did you mean "routers"/,
  ],
])('%s', (_, labels, kind, says) => {
  const wish = httpExposure(stack(labels))
  expect(wish.kind).toBe(kind)
  const reported =
    wish.kind === 'none' ? wish.reason : wish.kind === 'unusable' ? [wish.message, ...wish.lines].join(' ') : ''
  expect(reported).toMatch(says)
})

it('labels of the container ask for HTTP too, though nobody reads them', () => {
  expect(httpExposure(stack({}, { ...ON, ...ROUTER }))).toMatchObject({ kind: 'unusable', service: 'app' })
  expect(httpExposure(stack({}, { 'traefik.enable': 'false', ...ROUTER }))).toMatchObject({ kind: 'none' })
})
