import { expect, test } from 'vitest'
import { answerSign } from '../../src/checks/answer-sign.ts'
import { judgePort } from '../../src/checks/closed-port.ts'
import { parseListening } from '../../src/checks/listening-ports.ts'
import { unreachableFromProxy } from '../../src/checks/unreachable-from-proxy.ts'
import type { ComposeNamed, ComposeService } from '../../src/recipe/model.ts'

/** As the kernel writes them: listening on 0.0.0.0:8080, 127.0.0.1:5432, the engine's name server, and one connection. */
const TCP = `  sl  local_address rem_address   st
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 0B00007F:A2C3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
   3: 0200000A:0050 0300000A:D431 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 100 0 0 10 0
`
/** [::]:3000, [::1]:9000, [::ffff:127.0.0.1]:9100. */
const TCP6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 00000000000000000000000001000000:2328 00000000000000000000000000000000:0000 0A 00000000:00000000
   2: 0000000000000000FFFF00000100007F:238C 00000000000000000000000000000000:0000 0A 00000000:00000000
`

test('the tables of the kernel', () => {
  expect(parseListening(TCP + TCP6)).toEqual([
    { port: 3000, loopback: false },
    { port: 5432, loopback: true },
    { port: 8080, loopback: false },
    { port: 9000, loopback: true },
    { port: 9100, loopback: true },
  ])
  expect(parseListening('')).toEqual([])
})

/** 0.0.0.0:64738, one connected to a name server elsewhere, and 127.0.0.1:323. */
const UDP = `  sl  local_address rem_address   st
  12: 00000000:FCE2 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 1 2 0 0
  13: 0200000A:9C41 0800080A:0035 01 00000000:00000000 00:00000000 00000000   101        0 2 2 0 0
  14: 0100007F:0143 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 3 2 0 0
`

test('those of UDP: who is connected to somebody takes from nobody else', () => {
  expect(parseListening(UDP, 'udp')).toEqual([
    { port: 323, loopback: true },
    { port: 64_738, loopback: false },
  ])
})

test('a port that listens for others on one address is open', () => {
  const both = `${TCP}   4: 00000000:1538 00000000:0000 0A 0\n`
  expect(parseListening(both)).toContainEqual({ port: 5432, loopback: false })
})

test.each([
  ['open', [[8080]], [], true, null],
  ['closed, another open, healthy', [[9000]], [], true, true],
  ['closed, another open, no health check', [[9000]], [], false, false],
  ['closed, another for itself alone', [[]], [9000], true, false],
  ['for itself alone, healthy', [[]], [8080], true, true],
  ['nothing open', [[]], [], true, false],
])('a port: %s', (_, [open = []], loopback, healthy, final) => {
  const listening = [
    ...open.map((port) => ({ port, loopback: false })),
    ...loopback.map((port) => ({ port, loopback: true })),
  ]
  const task = { id: 't', service: 'app', addresses: [], container: 'c', healthy }
  expect(judgePort({ task, port: 8080, listening, lines: [] })?.final ?? null).toBe(final)
})

const NETWORKS: Record<string, ComposeNamed> = {
  proxy: { external: true },
  edge: { external: true, name: 'proxy' },
  inner: {},
  named: { name: 'my-own' },
}

test.each<[string, string[], Record<string, string>, RegExp | null]>([
  ['on it', ['proxy', 'inner'], {}, null],
  ['on it, under another key', ['edge'], {}, null],
  [
    'on an inner network alone',
    ['inner'],
    {},
    /^app is routed, but not on the proxy's network proxy; it is on blog_inner$/,
  ],
  ['on a named one alone', ['named'], {}, /it is on my-own$/],
  ['on none that is named', [], {}, /it is on blog_default$/],
  ['on it, dialled there', ['proxy', 'inner'], { 'traefik.docker.network': 'proxy' }, null],
  [
    'on it, dialled elsewhere',
    ['proxy', 'inner'],
    { 'traefik.docker.network': 'blog_inner' },
    /dialled on the network blog_inner/,
  ],
  [
    'the newer label goes before',
    ['proxy', 'inner'],
    { 'traefik.docker.network': 'blog_inner', 'traefik.swarm.network': 'proxy' },
    null,
  ],
  ['a label for a network that it is not in', ['proxy', 'inner'], { 'traefik.docker.network': 'nowhere' }, null],
  ['its router leads to another service', ['inner'], { 'traefik.http.routers.a.service': 'other' }, null],
  [
    'its router leads to itself',
    ['inner'],
    { 'traefik.http.routers.a.service': 'A', 'traefik.http.services.a.loadbalancer.server.port': '80' },
    /not on the proxy's network/,
  ],
])('a service %s', (_, keys, labels, expected) => {
  const app: ComposeService = { networks: Object.fromEntries(keys.map((key) => [key, null])), deploy: { labels } }
  const model = { services: { app }, networks: NETWORKS, volumes: {}, secrets: {}, configs: {} }
  const found = unreachableFromProxy({ model, files: [], findings: [], place: () => undefined }, 'blog', 'app')
  if (expected) expect(found?.message).toMatch(expected)
  else expect(found).toBeNull()
})

test.each([
  ['a status', { status: 500, body: 'a' }, { status: 502, body: 'a' }, false],
  ['a word', { status: 500, body: 'starting' }, { status: 500, body: 'migrating' }, false],
  ['a share that is done', { status: 500, body: '44 %' }, { status: 500, body: '45 %' }, false],
  ['a long number', { status: 500, body: 'row 123456789' }, { status: 500, body: 'row 123456790' }, false],
  ['a token', { status: 500, body: 'id="a8f5f167f44f4964"' }, { status: 500, body: 'id="b19e6a0c55d14e1f"' }, true],
  ['a time', { status: 500, body: 'at 09:15:01.25' }, { status: 500, body: 'at 09:15:04' }, true],
])('answers that differ in %s', (_, one, other, same) => {
  expect(answerSign(one) === answerSign(other)).toBe(same)
})
