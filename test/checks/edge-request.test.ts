import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NoResponse, RedirectLoop, requestEdge } from '../../src/checks/edge-request.ts'
import { checkHttp } from '../../src/checks/http.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'

const DOMAIN = 'app.ci.test'
let server: Server

beforeAll(async () => {
  const { certificate: cert, key } = await makeCertificate()
  server = createServer({ cert, key }, ({ url, headers }, response) => {
    const redirect = (location: string) => response.writeHead(302, { location }).end()
    if (url === '/cookie' && !headers.cookie?.includes('seen=1')) {
      response.setHeader('set-cookie', ['seen=1; Path=/; HttpOnly', 'lang=en'])
      return redirect('/cookie')
    }
    if (url === '/round') return redirect('/and-round')
    if (url === '/and-round') return redirect('/round')
    if (url === '/to-https') return redirect(`https://${DOMAIN}/to-https`)
    if (url === '/never') return undefined
    return response.end(`cookie: ${headers.cookie ?? 'none'}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => server.close())

const edge = () => {
  const { port } = server.address() as AddressInfo
  return { host: '127.0.0.1', httpsPort: port, httpPort: null, apiPort: null, ca: null }
}
const signal = new AbortController().signal
const ask = (path: string) => requestEdge({ edge: edge(), domain: DOMAIN, path, follow: true, signal })

it('takes the cookies along that a redirect sets, as a browser does', async () => {
  expect(await ask('/cookie')).toMatchObject({ status: 200, body: 'cookie: seen=1; lang=en', redirects: 1 })
})

it('tells a proxy that says nothing from one that is not there', async () => {
  const asked = { domain: DOMAIN, path: '/never', follow: true, signal, timeoutMs: 300 }
  await expect(requestEdge({ ...asked, edge: edge() })).rejects.toThrow(NoResponse)
  const gone = requestEdge({ ...asked, edge: { ...edge(), httpsPort: 1 } })
  await expect(gone).rejects.toThrow('ECONNREFUSED')
})

it('knows a circle by its places', async () => {
  const found = await ask('/round')
  expect(found).toBeInstanceOf(RedirectLoop)
  expect(found).toMatchObject({ urls: ['/round', '/and-round', '/round'].map((path) => `https://${DOMAIN}${path}`) })
})

it.each([
  ['/round', /redirect-loop: the app redirects in a circle: .*\/round comes again/, 'what the app believes'],
  ['/to-https', /redirect-loop: .*\/to-https comes again/, 'X-Forwarded-Proto'],
])('says of %s that it is a circle, with the way', async (path, expected, hint) => {
  const asked = { edge: edge(), domain: DOMAIN, path, allowed: [200], timeoutMs: 2000, signal, mask: String }
  const { outcome, cause } = await checkHttp({ ...asked, tasksOf: async () => [] })
  expect(outcome).toBe('fail')
  expect(`${cause?.code}: ${cause?.message}`).toMatch(expected)
  expect(cause?.hint).toContain(hint)
  expect(cause?.lines.length).toBeGreaterThanOrEqual(2)
})
