import { expect, it } from 'vitest'
import { proxyAnswer } from '../../src/checks/proxy-answer.ts'
import { noHttpReason, routedServices } from '../../src/checks/routed-services.ts'
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
const task = (id: string, address: string) => ({ id, service: 'app', addresses: [address] })

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

it('knows which services ask to be routed', () => {
  const stack = (labels: Record<string, string>) => ({
    model: { services: { app: { deploy: { labels } } }, networks: {}, volumes: {}, secrets: {}, configs: {} },
    files: [],
    findings: [],
    place: () => undefined,
  })
  const rule = {
    'traefik.http.routers.x.rule': 'Host(`a.ci.test`,`b`)',
    'traefik.http.services.x.loadbalancer.server.port': '80',
  }
  const on = { 'traefik.enable': 'true', ...rule }
  expect(routedServices(stack(on), 'a.ci.test')).toMatchObject([{ service: 'app', port: 80, namesDomain: true }])
  expect(routedServices(stack(on), 'c.ci.test')).toMatchObject([{ namesDomain: false }])
  expect(noHttpReason(routedServices(stack(rule), 'a.ci.test'))).toContain('traefik.enable')
})
