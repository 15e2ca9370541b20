import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { freePorts, isTakenPort, PORT_RANGE } from '../../src/edge/ports.ts'

it('ports of the edge are different ones that no kernel gives to somebody by chance', async () => {
  const ports = await freePorts(3)
  expect(new Set(ports).size).toBe(3)
  for (const port of ports) expect(port).toSatisfy((given: number) => given >= PORT_RANGE[0] && given < PORT_RANGE[1])
  // The first that Linux gives to an outgoing connection.
  expect(PORT_RANGE[1]).toBeLessThan(32_768)
})

it('where somebody listens there is none', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  try {
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    await expect(freePorts(1, [port, port + 1])).rejects.toMatchObject({ code: 'no-port' })
  } finally {
    taken.close()
  }
})

it.each([
  ['Bind for 127.0.0.1:21332 failed: port is already allocated', true],
  ['listen tcp4 127.0.0.1:21332: bind: address already in use', true],
  ['No such container: cc-ci-edge', false],
])('an engine that says %j has found a port taken: %j', (words, taken) => {
  expect(isTakenPort(new Error(words))).toBe(taken)
})
