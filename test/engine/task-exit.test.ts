import { describe, expect, it } from 'vitest'
import { isServer, wasRefused } from '../../src/engine/convergence/task-exit.ts'
import { service, task } from './seen.ts'

describe('a server is what somebody is to reach', () => {
  const port = { target: 80, published: 80, protocol: 'tcp', mode: 'host' } as const
  it.each([
    ['nothing says so', {}, false],
    ['it is routed', { labels: { 'traefik.http.routers.x.rule': 'Host(`x`)' } }, true],
    ['it publishes a port', { ports: [port] }, true],
    ['it has a health check', { hasHealthcheck: true }, true],
    ['all three', { labels: { 'traefik.tcp.routers.x.rule': 'y' }, ports: [port], hasHealthcheck: true }, true],
    ['it is only named to the proxy', { labels: { 'traefik.enable': 'true' } }, false],
  ] as const)('%s', (_, more, server) => {
    expect(isServer(service('app', { ...more, ports: 'ports' in more ? [...more.ports] : [] }))).toBe(server)
  })
})

it('what was rejected never ran, and what failed only where the runtime refused it', () => {
  const error = 'starting container failed: no such command'
  expect(wasRefused(task('app', { state: 'failed', error }))).toBe(true)
  expect(wasRefused(task('app', { state: 'rejected', error: 'x' }))).toBe(true)
  expect(wasRefused(task('app', { state: 'failed', error: 'task: non-zero exit (1)' }))).toBe(false)
  expect(wasRefused(task('app', { state: 'complete', error }))).toBe(false)
})
