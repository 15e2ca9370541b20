import { expect, test } from 'vitest'
import { type GatePort, portArguments, portRoutes } from '../../src/sandbox/gate-ports.ts'

const port = (published: number, protocol: GatePort['protocol'], target = published): GatePort => {
  return { service: 'app', published, protocol, target }
}

test('each published port has an entry point of its own, and none takes the routers of HTTP', () => {
  const voice = { stack: 'voice_ci_test', ports: [port(64_738, 'tcp'), port(64_738, 'udp'), port(64_738, 'tcp')] }
  expect(portArguments(voice)).toEqual([
    '--entryPoints.web.asDefault=true',
    '--entryPoints.web-secure.asDefault=true',
    '--entryPoints.port-64738-tcp.address=:64738',
    '--entryPoints.port-64738-udp.address=:64738/udp',
  ])
})

test('it leads to where the service listens, by the name of its tasks', () => {
  const { tcp, udp } = JSON.parse(portRoutes({ stack: 's', ports: [port(25, 'tcp', 2525), port(53, 'udp')] }))
  expect(tcp.routers['port-25-tcp']).toMatchObject({ entryPoints: ['port-25-tcp'], rule: 'HostSNI(`*`)' })
  expect(tcp.services['port-25-tcp'].loadBalancer.servers).toEqual([{ address: 'tasks.s_app:2525' }])
  expect(udp.routers['port-53-udp']).toEqual({ entryPoints: ['port-53-udp'], service: 'port-53-udp' })
  expect(udp.services['port-53-udp'].loadBalancer.servers).toEqual([{ address: 'tasks.s_app:53' }])
})

test('where there is none, and for those that the gate has for HTTP, nothing changes', () => {
  for (const ports of [[], [port(80, 'tcp', 8080), port(443, 'tcp')]]) {
    expect(portArguments({ stack: 's', ports })).toEqual([])
    expect(portRoutes({ stack: 's', ports })).toBe('{}\n')
  }
})
