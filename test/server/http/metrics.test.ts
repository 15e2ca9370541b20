import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ForgeError } from '../../../src/server/contract/errors.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { createMetrics } from '../../../src/server/http/metrics.ts'
import { LEASE_MS } from '../storage/bench.ts'
import { type HttpBench, httpBench } from './bench.ts'

const CAPACITY = { worker: 'barn', memoryBytes: 2e10, freeBytes: 2e10, harness: '1' }
let bench: HttpBench
beforeAll(async () => {
  bench = await httpBench()
})

test('what waits is told by priority, and for how long', async () => {
  await bench.ask({ priority: 'sweep' })
  bench.clock.time += 90_000
  await bench.ask({ priority: 'pull', repository: 'coop-cloud/a' })
  await bench.ask({ priority: 'pull', repository: 'coop-cloud/b' })
  bench.clock.time += 10_000
  const text = await bench.metricsText()
  for (const line of [
    'cc_ci_queue{priority="pull"} 2',
    'cc_ci_queue{priority="manual"} 0',
    'cc_ci_queue{priority="sweep"} 1',
    'cc_ci_queue_oldest_seconds{priority="pull"} 10',
    'cc_ci_queue_oldest_seconds{priority="manual"} 0',
    'cc_ci_queue_oldest_seconds{priority="sweep"} 100',
  ])
    expect(text).toContain(`${line}\n`)
})

test('the first claim of a run is timed, a later one is not', async () => {
  const metrics = createMetrics(bench.store, bench.clock)
  const store = metrics.timed(bench.store)
  const claim = await store.claim(CAPACITY, bench.clock.now(), LEASE_MS)
  expect(await metrics.registry.metrics()).toContain('cc_ci_claim_seconds_sum 10\n')
  bench.clock.time += LEASE_MS + 1
  await bench.store.expire(bench.clock.now())
  const again = await store.claim(CAPACITY, bench.clock.now(), LEASE_MS)
  const third = await store.claim(CAPACITY, bench.clock.now(), LEASE_MS)
  const retried = [again, third].filter((one) => one?.lease.attempt === 2)
  expect(retried.map((one) => one?.request.id)).toEqual([claim?.request.id])
  expect(await metrics.registry.metrics()).toContain('cc_ci_claim_seconds_count 2\n')
})

let server: Server
let url = ''
beforeAll(async () => {
  server = createServer((request, response) => {
    const status = Number(/status(\d+)/.exec(request.url ?? '')?.[1] ?? 200)
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"login": "bot"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close().closeAllConnections())

test('calls of the forge are counted by what came of them', async () => {
  const { forgeFetch, registry } = createMetrics(bench.store, bench.clock)
  const forge = giteaForge({ baseUrl: url, token: 'x'.repeat(20), fetch: forgeFetch })
  expect(await forge.self()).toBe('bot')
  await expect(forge.comment('a/status404', 1)).resolves.toBeNull()
  await expect(forge.comment('a/status500', 1)).rejects.toThrow(ForgeError)
  await expect(forge.comment('a/status503', 1)).rejects.toThrow(ForgeError)
  const nobody = giteaForge({ baseUrl: 'http://127.0.0.1:9', token: 'x'.repeat(20), fetch: forgeFetch })
  await expect(nobody.self()).rejects.toThrow(ForgeError)
  const text = await registry.metrics()
  for (const line of ['{result="2xx"} 1', '{result="4xx"} 1', '{result="5xx"} 2', '{result="gone"} 1']) {
    expect(text).toContain(`cc_ci_forge_calls_total${line}\n`)
  }
})

test('ends are counted whole', async () => {
  const own = await httpBench()
  for (let at = 0; at < 3; at++) await own.store.cancel((await own.ask()).id, 'enough', own.clock.now())
  expect(await own.metricsText()).toContain('cc_ci_ended_runs{verdict="cancelled"} 3\n')
})
