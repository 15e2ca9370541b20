import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { clientAddress } from '../../../src/server/http/middleware/client-address.ts'
import { httpBench } from './bench.ts'

/** As whom a call counts. */
async function counted(socket: string, forwarded: string | null, proxies: number): Promise<string> {
  const app = new Hono()
  app.get('/', (c) => c.text(clientAddress(c, proxies)))
  const headers: Record<string, string> = forwarded === null ? {} : { 'x-forwarded-for': forwarded }
  return (await app.request('/', { headers }, { incoming: { socket: { remoteAddress: socket } } })).text()
}

test.each([
  ['no proxy: the header is not read', '192.0.2.1', '10.0.0.1', 0, '192.0.2.1'],
  ['one proxy: what it saw', '127.0.0.1', '203.0.113.9', 1, '203.0.113.9'],
  [
    'one proxy: what the client says beside it counts for nothing',
    '127.0.0.1',
    '10.0.0.1, 203.0.113.9',
    1,
    '203.0.113.9',
  ],
  ['two proxies: what the outer one saw', '127.0.0.1', '10.0.0.1,203.0.113.9 , 192.0.2.7', 2, '203.0.113.9'],
  ['a header shorter than told', '127.0.0.1', '203.0.113.9', 2, '127.0.0.1'],
  ['no header', '127.0.0.1', null, 1, '127.0.0.1'],
  ['an empty one', '127.0.0.1', ' ', 1, '127.0.0.1'],
  ['no address at all', '127.0.0.1', `x, ${'y'.repeat(500)}`, 1, 'y'.repeat(64)],
  ['IPv4 in IPv6', '::ffff:192.0.2.1', null, 0, '192.0.2.1'],
  ['the network of IPv6', '2001:DB8:0:1::5', null, 0, '2001:db8:0:1::/64'],
  ['written in full', '2001:0db8:0000:0001:ffff:ffff:ffff:ffff', null, 0, '2001:db8:0:1::/64'],
  ['link-local', 'fe80::1%eth0', null, 0, 'fe80:0:0:0::/64'],
  ['loopback', '::1', null, 0, '0:0:0:0::/64'],
])('%s', async (_, socket, forwarded, proxies, client) => {
  expect(await counted(socket, forwarded, proxies)).toBe(client)
})

test('behind a proxy one who tries passwords does not keep the others out', async () => {
  const { app } = await httpBench({ settings: { proxies: 1 } })
  const login = async (client: string) =>
    (
      await app.request('/login', {
        ...{ method: 'POST', body: new URLSearchParams({ token: 'x'.repeat(40) }).toString() },
        headers: {
          ...{ 'content-type': 'application/x-www-form-urlencoded', origin: 'https://ci.example.org' },
          'x-forwarded-for': `10.0.0.${Math.floor(Math.random() * 250)}, ${client}`,
        },
      })
    ).status
  const states: number[] = []
  for (let count = 0; count < 7; count++) states.push(await login('203.0.113.9'))
  expect(states).toEqual([401, 401, 401, 401, 401, 429, 429])
  expect(await login('203.0.113.10')).toBe(401)
})
