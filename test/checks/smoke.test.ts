import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type Browser, openBrowser, resolverRules } from '../../src/checks/browser.ts'
import { smoke } from '../../src/checks/smoke.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { execOk } from '../../src/lib/exec.ts'

const PAGES: Readonly<Record<string, string>> = {
  '/plain': '<title>Plain</title><h1>Hello</h1>',
  '/blank': '<title>Blank</title><div id=root></div>',
  '/hidden': '<title>Hidden</title><p style="display:none">no</p><img width=0 height=0 src=/nothing>',
  '/form': '<title>Form</title><input name=q>',
  '/late':
    '<title>Late</title><div id=r></div><script>setTimeout(() => { r.textContent = "here at last" }, 2000)</script>',
  '/later':
    '<title>Later</title><div id=r></div><script>setTimeout(() => { r.textContent = "here at last" }, 5000)</script>',
  '/loud':
    '<title>Loud</title><h1>x</h1><script>console.error("my-secret-value broke")</script><img src="https://elsewhere.example.com/a.png"><img src="https://192.0.2.1/b.png"><script src=/gone.js></script>',
  '/held': '<title>Held</title><h1>There after all</h1>',
  '/bye': '<title>x</title><p>go</p><script>location.href = "/plain"</script>',
}
const DOMAIN = 'app.ci.test'
/** HTTP/2 like the proxy: a change of the network ends such a connection with all that is under way on it. */
let server: Http2SecureServer
let browser: Browser
let root: string
/** Asked for /held; not answered the first time. */
const held: string[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cc-ci-smoke-'))
  const { certificate: cert, key } = await makeCertificate()
  server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    if (request.url === '/held' && held.push(request.url) === 1) return
    const page = PAGES[request.url ?? '']
    response.writeHead(page ? 200 : 404, { 'content-type': page ? 'text/html' : 'text/plain' })
    response.end(page ? `<!doctype html>${page}` : '404 page not found\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const edge = { host: '127.0.0.1', httpsPort: port, httpPort: null, apiPort: null, ca: null }
  browser = await openBrowser({
    edge,
    executable: process.env.CC_CI_CHROMIUM ?? '/usr/bin/chromium',
    domain: DOMAIN,
    profile: join(root, 'profile'),
  })
}, 60_000)
afterAll(async () => {
  await browser?.close()
  expect(await readdir(root)).not.toContain('profile')
  server.close()
  await rm(root, { recursive: true, force: true })
})

const look = (path: string, more: { waitFor?: string; deadlineMs?: number } = {}) =>
  smoke(browser, {
    url: `https://${DOMAIN}${path}`,
    screenshotFile: join(root, 'shot.png'),
    deadlineMs: 25_000,
    signal: new AbortController().signal,
    mask: (text) => text.replaceAll('my-secret-value', '***'),
    ...more,
  })

it('describes a page and takes its picture', async () => {
  const { outcome, evidence } = await look('/plain')
  expect(outcome).toBe('pass')
  expect(evidence).toMatchObject({
    title: 'Plain',
    textLength: 5,
    elements: 1,
    failedRequests: [],
    url: `https://${DOMAIN}/plain`,
  })
  expect((await readFile(join(root, 'shot.png'))).length).toBeGreaterThan(1000)
})

it.each(['/blank', '/hidden'])('calls %s blank', async (path) => {
  const { outcome, cause } = await look(path)
  expect([outcome, cause?.code]).toEqual(['fail', 'blank-page'])
})

it.each(['/form', '/late', '/later', '/bye'])('does not call %s blank', async (path) => {
  expect((await look(path)).outcome).toBe('pass')
})

it('lists complaints masked, and lets no page call out', async () => {
  const { outcome, evidence } = await look('/loud')
  expect(outcome).toBe('pass')
  expect(evidence?.consoleErrors).toContain('*** broke')
  const failed = evidence?.failedRequests.join('\n') ?? ''
  expect(failed).toContain('/gone.js: 404')
  expect(failed).toContain('elsewhere.example.com/a.png: net::ERR_NAME_NOT_RESOLVED')
  expect(failed).toContain('192.0.2.1/b.png: net::ERR_NAME_NOT_RESOLVED')
})

it("knows the proxy's own page", async () => {
  expect((await look('/nowhere', { deadlineMs: 4_000 })).cause?.code).toBe('proxy-fallback')
})

it('looks anew when an interface of the machine comes while the page loads', async () => {
  const network = `cc-ci-smoke-${process.pid}`
  const looked = look('/held', { deadlineMs: 20_000 })
  await vi.waitFor(() => expect(held).toHaveLength(1), 20_000)
  try {
    await execOk('docker', ['network', 'create', network], { deadlineMs: 30_000 })
    expect((await looked).outcome).toBe('pass')
  } finally {
    await execOk('docker', ['network', 'rm', network], { deadlineMs: 30_000 })
  }
}, 60_000)

it('says when the browser is gone', async () => {
  const result = await smoke(
    { context: { newPage: () => Promise.reject(new Error('Target closed')) } as never, close: async () => {} },
    {
      url: 'https://x',
      screenshotFile: '/x',
      deadlineMs: 1,
      signal: new AbortController().signal,
      mask: (text) => text,
    },
  )
  expect([result.outcome, result.cause?.code]).toEqual(['unverified', 'screenshot-failed'])
})

it('maps only the domain', () => {
  const edge = { host: '::1', httpsPort: 1, httpPort: 2, apiPort: null, ca: null }
  expect(resolverRules('a.ci.test', edge)).toBe('MAP a.ci.test:443 [::1]:1, MAP a.ci.test:80 [::1]:2, MAP * ~NOTFOUND')
})
