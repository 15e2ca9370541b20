import { expect, test } from 'vitest'
import { checkOtherRoutes, type OtherRoutesCheck, otherRoutes } from '../../src/checks/other-routes.ts'
import { KnownActivity, NO_ROUTER, NOBODY, PausesPass, type Reply, route, standIn } from './edge-stand-in.ts'

const from = (...rules: string[]) =>
  otherRoutes([{ service: 'app', rules, port: 80, namesDomain: true }], { host: 'a.ci.test', path: '/' }).map(
    ({ host, path }) => `${host}${path}`,
  )

test.each([
  ['what was asked already', 'Host(`a.ci.test`)', []],
  ['a path', 'Host(`a.ci.test`) && PathPrefix(`/admin`)', ['a.ci.test/admin']],
  ['another host', 'Host(`API.a.ci.test`)', ['api.a.ci.test/']],
  ['a method', 'Host(`a.ci.test`) && Method(`POST`)', []],
  ['alternatives with what was asked', 'Host(`b.ci.test`) || Host(`a.ci.test`)', []],
  ['other alternatives', 'Host(`b.ci.test`) || Host(`c.ci.test`)', ['b.ci.test/']],
  ['brackets', '(Host(`b.ci.test`) || Host(`c.ci.test`)) && Path(`/x`)', ['b.ci.test/x']],
  ['several values', 'Host(`b.ci.test`, `a.ci.test`)', []],
  ['a pattern of Traefik 2', 'Host(`a.ci.test`) && Path(`/{id:[0-9]+}`)', []],
  ['a path without its slash', 'Host(`a.ci.test`) && PathPrefix(`x`)', []],
  ['a negation', 'Host(`a.ci.test`) && !PathPrefix(`/x`)', []],
  ['a pattern', 'HostRegexp(`.+`)', []],
])('%s', (_, rule, places) => {
  expect(from(rule)).toEqual(places)
})

const UP: Reply = { status: 401, body: 'who are you?' }
const places = (...hosts: string[]) => hosts.map((host) => ({ service: `of-${host}`, host, path: '/' }))

async function ask(answers: (host: string) => Reply | null, more: Partial<OtherRoutesCheck> = {}) {
  const clock = new PausesPass()
  await using edge = await standIn(answers)
  const found = await checkOtherRoutes({
    edge: edge.address,
    routes: places('a', 'b', 'c'),
    tasksOf: async () => [],
    routesOf: async (host) => [route(host)],
    timeoutMs: 300_000,
    signal: new AbortController().signal,
    clock,
    activity: new KnownActivity(clock, []),
    mask: String,
    ...more,
  })
  const begun = Date.now()
  await Promise.all(edge.abandoned)
  return { found, tookMs: clock.elapsedMs(), requests: edge.requests, givenUpMs: Date.now() - begun }
}

test('any word of anybody behind a route is an answer', async () => {
  expect((await ask((host) => (host === 'a' ? NO_ROUTER : UP))).found).toBeNull()
})

test('a route that leads to nobody is decided by quiet, for good, with what came back', async () => {
  const { found, tookMs } = await ask((host) => (host === 'b' ? NOBODY : UP))
  expect(found).toMatchObject({ code: 'http-not-serving', service: 'of-b', blame: 'recipe', deterministic: true })
  expect(found?.lines).toEqual([
    'GET https://b/: 502',
    'Bad Gateway',
    'nothing moved for 20 s, and the answer stayed 502',
  ])
  expect(tookMs).toBeLessThan(25_000)
})

test('the first that leads to nobody ends the others, which are asked meanwhile', async () => {
  const portsOf = async () => [{ port: 9000, loopback: false }]
  const tasksOf = async () => [{ id: 't', service: 'of-c', addresses: ['10.0.0.7'], container: 'c', healthy: true }]
  const activity = { lastAt: () => null }
  const dead = (host: string) => (host === 'c' ? NOBODY : null)
  const { found, requests, givenUpMs } = await ask(dead, { portsOf, tasksOf, activity })
  expect(found?.message).toContain('nothing listens on port 8080 of of-c')
  expect(new Set(requests)).toEqual(new Set(['a', 'b', 'c']))
  expect(givenUpMs).toBeLessThan(5_000)
})
