import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { routesFor } from '../../src/edge/routes.ts'

const DOMAIN = 'blog-1a2b3c.ci.test'

/** What an edge answers whose other apps have long and strange rules; it gives all of them to whoever does not say what is looked for. */
async function playedEdge(rules: readonly string[]) {
  const asked: string[] = []
  const { ca, certificate: cert, key } = await makeCertificate()
  const server = createServer({ cert, key }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://edge')
    asked.push(`${pathname} ${searchParams.get('search')}`)
    const wanted = searchParams.get('search') ?? ''
    const routers = rules.filter((rule) => rule.includes(wanted)).map((rule, index) => router(rule, index))
    response.end(JSON.stringify(pathname.endsWith('/routers') ? routers : []))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const edge = { host: '127.0.0.1', httpsPort: 1, httpPort: 1, apiPort: port, apiKey: 'key', ca }
  return {
    edge,
    asked,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const router = (rule: string, index: number) => ({
  name: `r${index}@swarm`,
  rule,
  service: 'x',
  provider: 'swarm',
  status: 'enabled',
})

test('the edge is asked for the own routers alone, and what it says is read in linear time', async () => {
  const own = `Host(\`${DOMAIN}\`)`
  // The first takes a pattern such as `Host\(([^)]*)\)` time with the square, the second a reader that tries both sides of a bracket.
  const strange = [`${DOMAIN} ${'Host('.repeat(200_000)}`, `Host(\`${DOMAIN}\`) && ${'('.repeat(500_000)}`, 'Host(`x`)']
  await using played = await playedEdge([own, ...strange])
  const before = process.cpuUsage().user
  const found = await routesFor(DOMAIN, played.edge)
  expect((process.cpuUsage().user - before) / 1e6).toBeLessThan(10)
  expect(found?.map(({ rule }) => rule)).toEqual([own])
  expect(played.asked.sort()).toEqual([`/api/http/routers ${DOMAIN}`, '/api/http/services null'])
})
