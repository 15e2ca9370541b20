import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createSecureServer, type Http2SecureServer, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Browser } from '../../src/browser/open.ts'
import { resolverRules } from '../../src/browser/switches.ts'
import { smoke } from '../../src/checks/smoke.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { evidenceProblem } from '../../src/verdict/evidence.ts'
import { boxedBrowser } from '../checks/boxed-browser.ts'

/** A look takes as long as its machine needs: none of these is about how fast. */
vi.setConfig({ testTimeout: 120_000 })

const PAGES: Readonly<Record<string, string>> = {
  '/plain': '<title>Plain</title><h1>Hello</h1>',
  '/blank': '<title>Blank</title><div id=root></div>',
  '/empty': '',
  '/hidden': '<title>Hidden</title><p style="display:none">no</p><img width=0 height=0 src=/nothing>',
  '/form': '<title>Form</title><input name=q>',
  '/late':
    '<title>Late</title><div id=r></div><script>setTimeout(() => { r.textContent = "here at last" }, 2000)</script>',
  '/later':
    '<title>Later</title><div id=r></div><script>setTimeout(() => { r.textContent = "here at last" }, 5000)</script>',
  '/loud':
    '<title>Loud</title><h1>x</h1><script>console.error("my-secret-value broke")</script><img src="https://elsewhere.example.com/a.png"><img src="https://192.0.2.1/b.png"><script src=/gone.js></script>',
  '/bye': '<title>x</title><p>go</p><script>location.href = "/plain"</script>',
  '/boom': '<title>Boom</title><h1>Still here</h1><script>nobodyMadeThis()</script>',
  '/no-script': '<title>App</title><div id=root></div><script src=/main.js></script>',
  '/not-script': '<title>App</title><div id=root></div><script type=module src=/plain></script>',
  '/heavy': '<title>Heavy</title><div id=r></div><script type=module src=/heavy.js></script>',
  '/broken-script': '<title>App</title><div id=root></div><script>start()</script>',
  '/mixed':
    '<title>Mixed</title><h1>Mixed</h1><script src="http://app.ci.test/a.js"></script><img src="http://cdn.example.com/b.png">',
  '/mixed-blank': '<title>App</title><div id=root></div><script src="http://app.ci.test/a.js"></script>',
  '/gateway': '<title>502 Bad Gateway</title><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center>',
  '/default':
    '<title>Welcome to nginx!</title><h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server works.</p>',
  '/again': '<title>Again</title><h1>Again</h1><script>location.reload()</script>',
  '/ping': '<title>Ping</title><h1>Ping</h1><script>location.href = "/pong?" + Math.random()</script>',
  '/pong': '<title>Pong</title><h1>Pong</h1><script>location.href = "/ping?" + Math.random()</script>',
  '/leave': '<title>x</title><p>go</p><script>location.href = "https://sso.example.org/login"</script>',
}
/** Where an address redirects to. */
const REDIRECTS: Readonly<Record<string, string>> = {
  '/round': '/and-round',
  '/and-round': '/round',
  '/to-itself': 'https://app.ci.test/to-itself',
  '/old': '/plain',
  '/always-http': 'http://app.ci.test/always-http',
  '/down': 'http://app.ci.test/plain',
  '/sso': 'https://login.other-house.org/auth?client=app',
  '/sample': 'https://app.example.com/',
}
const STATUSES: Readonly<Record<string, number>> = { '/gone': 404, '/basic': 401, '/broken': 500 }
const DOMAIN = 'app.ci.test'
let starts = 0

function answerFor(path: string): [status: number, type: string, body: string] {
  const [page, status] = [PAGES[path], STATUSES[path]]
  if (page !== undefined) return [200, 'text/html', page && `<!doctype html>${page}`]
  return status ? [status, 'text/html', `<h1>This is ${status}</h1>`] : [404, 'text/plain', '404 page not found\n']
}

/** Cannot reach its database when it is asked for the first time. */
function slowStart(response: Http2ServerResponse): void {
  starts += 1
  response.writeHead(200, { 'content-type': 'text/html' })
  response.end(starts > 1 ? '<title>Up</title><h1>Up</h1>' : '<h1>Error establishing a database connection</h1>')
}

const HEAVY_MS = 20_000

/** Comes after the time in which a page has to load. */
function heavyScript(response: Http2ServerResponse): void {
  const answer = () => response.end('document.getElementById("r").textContent = "here at last"')
  response.writeHead(200, { 'content-type': 'text/javascript' })
  setTimeout(answer, HEAVY_MS * 1.2)
}

/** HTTP/2 like the proxy. */
let server: Http2SecureServer
let browser: Browser
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cc-ci-smoke-'))
  const { certificate: cert, key } = await makeCertificate()
  server = createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    const path = (request.url ?? '').replace(/\?.*$/, '')
    if (path === '/slow-start') return slowStart(response)
    if (path === '/heavy.js') return heavyScript(response)
    if (path === '/basic') response.setHeader('www-authenticate', 'Basic realm="app"')
    const location = REDIRECTS[path]
    if (location) return response.writeHead(302, { location }).end()
    const [status, type, body] = answerFor(path)
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const edge = { host: '127.0.0.1', httpsPort: port, httpPort: null, apiPort: null, ca: null }
  browser = await boxedBrowser({ edge, domain: DOMAIN, folder: join(root, 'browser') })
}, 300_000)
afterAll(async () => {
  await browser?.close()
  expect(await readdir(join(root, 'browser'))).toEqual([])
  server.close()
  await rm(root, { recursive: true, force: true })
})

const look = (path: string, more: { waitFor?: string; timeoutMs?: number; brokenForMs?: number } = {}) =>
  smoke(browser, {
    url: `https://${DOMAIN}${path}`,
    screenshotFile: join(root, `${path.slice(1)}.png`),
    timeoutMs: 120_000,
    signal: new AbortController().signal,
    mask: (text) => text.replaceAll('my-secret-value', '***'),
    ...more,
  })

it.concurrent('describes a page and takes its picture', async () => {
  const { outcome, evidence } = await look('/plain')
  expect(outcome).toBe('pass')
  expect(evidence).toMatchObject({
    title: 'Plain',
    textLength: 5,
    elements: 1,
    failedRequests: [],
    url: `https://${DOMAIN}/plain`,
  })
  expect((await readFile(join(root, 'plain.png'))).length).toBeGreaterThan(1000)
})

it.concurrent('waits for the scripts of a document that is there, beyond the time for loading', async () => {
  expect(await look('/heavy', { timeoutMs: HEAVY_MS })).toMatchObject({ outcome: 'pass', evidence: { title: 'Heavy' } })
})

it.concurrent.each([
  [
    '/blank',
    /^the page: status 200, [1-9]\d* bytes, title "Blank", 1 elements, none of them to be seen, 0 characters of text$/,
  ],
  ['/hidden', /^the page: status 200, [1-9]\d* bytes, /],
  ['/empty', /^the page: status 200, 0 bytes, no title, 0 elements, /],
])('calls %s blank, and says what was seen of it', async (path, seen) => {
  const { outcome, cause } = await look(path)
  expect([outcome, cause?.code]).toEqual(['fail', 'blank-page'])
  expect(cause?.lines[0]).toMatch(seen)
})

it.concurrent.each(['/form', '/late', '/later', '/bye'])('does not call %s blank', async (path) => {
  expect((await look(path)).outcome).toBe('pass')
})

it.concurrent('lists complaints masked, and lets no page call out', async () => {
  const { outcome, evidence } = await look('/loud')
  expect(outcome).toBe('pass')
  expect(evidence).toMatchObject({ consoleErrors: ['*** broke'] })
  const failed = evidence?.kind === 'page' ? evidence.failedRequests.join('\n') : ''
  expect(failed).toContain('/gone.js: 404')
  expect(failed).toContain('elsewhere.example.com/a.png: net::ERR_NAME_NOT_RESOLVED')
  expect(failed).toContain('192.0.2.1/b.png: net::ERR_NAME_NOT_RESOLVED')
})

it.concurrent("knows the proxy's own page", async () => {
  expect((await look('/nowhere', { timeoutMs: 5000 })).cause?.code).toBe('proxy-fallback')
})

/** The first look decides. */
const AT_ONCE = { brokenForMs: 0 }

it.concurrent.each([
  ['/no-script', /blank-page: .* because its script does not load \(GET https:\/\/app.ci.test\/main.js: 404\)/],
  ['/not-script', /blank-page: .* because its script does not load \(GET .*\/plain: 200, but a page instead of code\)/],
  ['/broken-script', /blank-page: .* because its script ends with an error \(start is not defined\)/],
  ['/mixed-blank', /blank-page: .* because its script is asked for by http and blocked \(http:\/\/app.ci.test\/a.js\)/],
  [
    '/gateway',
    /error-page: the page at .*\/gateway is the page of a web server for an error, though its status is 200/,
  ],
  ['/broken', /http-wrong-status: the app answers a browser at .*\/broken with 500/],
  ['/round', /redirect-loop: the app redirects the browser in a circle: .*\/round → .*\/and-round → .*\/round$/],
  ['/to-itself', /redirect-loop: the app redirects the browser in a circle: (\S+) → \1$/],
  ['/always-http', /redirect-loop: the app redirects the browser in a circle: https:(\S+) → http:\1 → https:\1$/],
  ['/again', /redirect-loop: the page at .*\/again loads itself again and again/],
  ['/ping', /redirect-loop: the pages of the app send the browser in a circle: .*\/ping.* → .*\/pong.* → /],
])('says what is wrong with %s', async (path, expected) => {
  const { outcome, cause } = await look(path, AT_ONCE)
  expect(outcome).toBe('fail')
  expect(`${cause?.code}: ${cause?.message}`).toMatch(expected)
})

it.concurrent('shows the way round, and says what usually is behind it', async () => {
  const { cause } = await look('/to-itself', AT_ONCE)
  expect(cause?.lines[0]).toBe(`302 https://${DOMAIN}/to-itself`)
  expect(cause?.lines.filter((line) => /^and so on: \d+ documents in all$/.test(line))).toHaveLength(1)
  expect(cause?.hint).toContain('X-Forwarded-Proto')
  expect((await look('/round', AT_ONCE)).cause?.hint).not.toContain('do not let it redirect to https')
})

it.concurrent.each([
  ['/plain', {}],
  ['/boom', { 'page-script-error': /nobodyMadeThis is not defined/ }],
  ['/loud', { 'page-incomplete': /gone.js: 404$/, 'foreign-requests': /elsewhere.example.com, 192.0.2.1$/ }],
  ['/default', { 'nginx-default-page': /no site is configured/ }],
  ['/gone', { 'page-status': /answers a browser with a status of 4xx.*: 404$/ }],
  [
    '/mixed',
    {
      'mixed-content': /http:\/\/app.ci.test\/a.js \(script, blocked\), http:\/\/cdn.example.com\/b.png \(image\)/,
      'foreign-requests': /cdn/,
    },
  ],
  ['/down', { 'insecure-redirect': /http:\/\/app.ci.test\/plain$/ }],
])('passes %s and tells what is worth knowing', async (path, reported) => {
  const { outcome, findings = [], evidence } = await look(path)
  expect(outcome).toBe('pass')
  expect(evidence && evidenceProblem(evidence)).toBeNull()
  expect(findings.map(({ code }) => code).sort()).toEqual(Object.keys(reported).sort())
  for (const [code, message] of Object.entries(reported))
    expect(findings.find((finding) => finding.code === code)?.message).toMatch(message)
})

it.concurrent.each([
  ['/sso', 'https://login.other-house.org/auth?client=app', 'leaves-domain: info'],
  ['/leave', 'https://sso.example.org/login', 'leaves-domain: warning'],
  ['/sample', 'https://app.example.com/', 'leaves-domain: warning'],
  ['/basic', `https://${DOMAIN}/basic`, 'login-dialog: info'],
])('follows %s to where the app ends', async (path, to, reported) => {
  const { outcome, evidence, findings } = await look(path)
  expect(outcome).toBe('pass')
  expect(evidence).toMatchObject({ kind: 'page-elsewhere', from: `https://${DOMAIN}${path}`, to })
  expect(evidence && evidenceProblem(evidence)).toBeNull()
  expect(findings?.map(({ code, severity }) => `${code}: ${severity}`)).toEqual([reported])
})

it.concurrent('records the way to a page', async () => {
  const { evidence } = await look('/old')
  expect(evidence).toMatchObject({
    url: `https://${DOMAIN}/plain`,
    status: 200,
    way: [`302 https://${DOMAIN}/old`, `200 https://${DOMAIN}/plain`],
  })
})

it.concurrent('looks again at an error, which may be one of a moment', async () => {
  expect(await look('/slow-start')).toMatchObject({ outcome: 'pass', evidence: { title: 'Up' } })
})

it('says when the browser is gone', async () => {
  const result = await smoke(
    {
      newContext: () => Promise.reject(new Error('Target closed')),
      lost: true,
      loss: async () => ({ memory: false, why: 'Chromium ended with SIGSEGV' }),
      close: async () => {},
    },
    {
      url: 'https://x',
      screenshotFile: '/x',
      timeoutMs: 1,
      signal: new AbortController().signal,
      mask: (text) => text,
    },
  )
  expect([result.outcome, result.cause?.code]).toEqual(['unverified', 'screenshot-failed'])
  expect(result.cause?.message).toBe('the browser ended: Chromium ended with SIGSEGV')
})

it('maps only the domain and what is below it', () => {
  expect(resolverRules('a.ci.test', { httpPort: 2 })).toBe(
    'MAP a.ci.test:443 127.0.0.1:8443, MAP a.ci.test:80 127.0.0.1:8080, MAP *.a.ci.test:443 127.0.0.1:8443, MAP *.a.ci.test:80 127.0.0.1:8080, MAP * ~NOTFOUND',
  )
  expect(resolverRules('a.ci.test', { httpPort: null })).toBe(
    'MAP a.ci.test:443 127.0.0.1:8443, MAP *.a.ci.test:443 127.0.0.1:8443, MAP * ~NOTFOUND',
  )
})
