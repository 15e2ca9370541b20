// cspell:ignore nosniff
import { beforeAll, describe, expect, test } from 'vitest'
import { type HttpBench, httpBench, OPERATOR_TOKEN } from './bench.ts'

const HERE = 'https://ci.example.org'
let bench: HttpBench
beforeAll(async () => {
  bench = await httpBench()
  const { app, auth } = bench
  app.get('/breaks', () => {
    throw new Error('a fault with details')
  })
  app.get('/who', (c) => c.json(auth.viewer(c)))
  app.post('/form', async (c) => c.json({ sender: auth.sender(c, await c.req.parseBody()) }))
})

const CHANGING = [
  ['POST', '/api/v1/runs'],
  ['POST', '/api/v1/runs/20260101-000000-aaaaaa/cancel'],
  ['POST', '/api/v1/runs/20260101-000000-aaaaaa/rerun'],
  ['POST', '/api/v1/runs/20260101-000000-aaaaaa/why'],
  ['POST', '/api/v1/enrolments'],
  ['POST', '/api/v1/sweeps'],
  ['DELETE', '/api/v1/enrolments/a%2Fb'],
  ['POST', '/api/v1/approvals'],
  ['DELETE', `/api/v1/approvals?repository=a%2Fb&commit=${'a'.repeat(40)}`],
  ['POST', '/api/v1/workers'],
  ['DELETE', '/api/v1/workers/x'],
  ['POST', '/api/v1/index'],
] as const

const form = (fields: Record<string, string>, headers: Record<string, string> = {}) => ({
  ...{ method: 'POST', body: new URLSearchParams(fields).toString() },
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
})

async function login(token = OPERATOR_TOKEN, origin = HERE): Promise<Response> {
  return bench.app.request('/login', form({ token }, { origin }))
}

async function session(): Promise<{ readonly cookie: string; readonly csrf: string }> {
  const cookie = ((await login()).headers.get('set-cookie') ?? '').split(';')[0] as string
  const viewer = (await (await bench.app.request('/who', { headers: { cookie } })).json()) as { csrf: string }
  return { cookie, csrf: viewer.csrf }
}

describe('every changing route', () => {
  test.each(CHANGING)('%s %s needs the operator token, whole and exact', async (method, path) => {
    for (const token of [null, '', 'x', OPERATOR_TOKEN.slice(1), `${OPERATOR_TOKEN}x`, OPERATOR_TOKEN.toUpperCase()]) {
      const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` }
      const answer = await bench.app.request(path, {
        method,
        headers,
        body: method === 'POST' ? '{"not":"read"}' : null,
      })
      expect([token, answer.status]).toEqual([token, 401])
    }
  })

  test('approvals are for operators to read too', async () => {
    expect((await bench.app.request('/api/v1/approvals')).status).toBe(401)
    const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` }
    expect(await (await bench.app.request('/api/v1/approvals', { headers })).json()).toEqual({ approvals: [] })
  })

  test('the description names all of them', async () => {
    const document = (await (await bench.app.request('/api/v1/openapi.json')).json()) as {
      paths: Record<string, Record<string, { security?: unknown }>>
    }
    const described = Object.values(document.paths).flatMap((methods) => Object.entries(methods))
    const changing = described.filter(([method]) => method !== 'get')
    expect(changing).toHaveLength(CHANGING.length)
    expect(changing.every(([, { security }]) => security !== undefined)).toBe(true)
  })
})

describe('a session', () => {
  test('is a signed cookie that script cannot read and other sites cannot send', async () => {
    const answer = await login()
    expect(answer.status).toBe(303)
    const cookie = answer.headers.get('set-cookie')
    for (const part of ['__Host-cc_ci=', 'HttpOnly', 'SameSite=Strict', 'Secure', 'Path=/', 'Max-Age=43200']) {
      expect(cookie).toContain(part)
    }
    expect(cookie).not.toContain(OPERATOR_TOKEN)
  })

  test('is not begun with a wrong token or from another site', async () => {
    expect((await login('wrong-token-of-some-length-aaaaaaaaaaaaaa')).status).toBe(401)
    bench.clock.time += 3_600_000
    expect((await login(OPERATOR_TOKEN, 'https://evil.example.org')).status).toBe(403)
    expect((await login(OPERATOR_TOKEN, 'null')).status).toBe(403)
    bench.clock.time += 3_600_000
  })

  test('ends after 12 h, and any change to it ends it at once', async () => {
    const { cookie } = await session()
    const who = async (value: string) =>
      ((await (await bench.app.request('/who', { headers: { cookie: value } })).json()) as { operator: unknown })
        .operator
    expect(await who(cookie)).toBe('operator')
    for (let at = cookie.indexOf('=') + 1; at < cookie.length - 1; at++) {
      const other = cookie[at] === 'A' ? 'B' : 'A'
      expect(await who(cookie.slice(0, at) + other + cookie.slice(at + 1))).toBe(null)
    }
    bench.clock.time += 12 * 3_600_000
    expect(await who(cookie)).toBe(null)
  })

  test('changes things only with its own token and from a page of this server', async () => {
    const { cookie, csrf } = await session()
    bench.clock.time += 3_600_000
    const other = await session()
    const sender = async (fields: Record<string, string>, headers: Record<string, string>) =>
      ((await (await bench.app.request('/form', form(fields, { cookie, ...headers }))).json()) as { sender: unknown })
        .sender
    expect(await sender({ csrf }, { origin: HERE })).toBe('operator')
    expect(await sender({ csrf }, { 'sec-fetch-site': 'same-origin' })).toBe('operator')
    for (const [fields, headers] of [
      [{}, { origin: HERE }],
      [{ csrf: other.csrf }, { origin: HERE }],
      [{ csrf: `${csrf}x` }, { origin: HERE }],
      [{ csrf }, {}],
      [{ csrf }, { origin: 'https://evil.example.org' }],
      [{ csrf }, { origin: 'null', 'sec-fetch-site': 'same-origin' }],
      [{ csrf }, { origin: HERE, 'sec-fetch-site': 'cross-site' }],
      [{ csrf }, { origin: HERE, 'sec-fetch-site': 'same-site' }],
      [{ csrf }, { origin: `${HERE}.evil.example.org` }],
    ] as [Record<string, string>, Record<string, string>][]) {
      expect([headers, await sender(fields, headers)]).toEqual([headers, null])
    }
  })

  test('may use the API with its token in a header', async () => {
    const { cookie, csrf } = await session()
    const post = (headers: Record<string, string>) =>
      bench.app.request('/api/v1/workers', {
        ...{ method: 'POST', body: '{"name":"w1"}' },
        headers: { cookie, origin: HERE, 'content-type': 'application/json', ...headers },
      })
    expect((await post({})).status).toBe(403)
    expect((await post({ 'x-cc-ci-csrf': csrf })).status).toBe(201)
  })
})

test('every answer has its headers, and pages allow no script but their own', async () => {
  for (const path of ['/healthz', '/login', '/nothing', '/api/v1/runs', '/api/v1/runs/x']) {
    const { headers } = await bench.app.request(path)
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    const policy = headers.get('content-security-policy') ?? ''
    const answer = await bench.app.request(path, { headers: { accept: 'text/html' } })
    const nonce = /script-src 'nonce-([a-z0-9]{24})'/.exec(answer.headers.get('content-security-policy') ?? '')?.[1]
    const scripts = (await answer.text()).match(/<script[^>]*>/g) ?? []
    expect(scripts).toEqual(scripts.map(() => expect.stringContaining(`<script nonce="${nonce}" src="/client-`)))
    expect(policy.replace(/script-src 'nonce-[a-z0-9]{24}'/, '')).not.toMatch(/script-src|unsafe/)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('x-request-id')).toMatch(/^[a-z2-9]{12}$/)
  }
})

test('a large or packed body goes nowhere', async () => {
  const headers = { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'application/json' }
  const post = (body: string, more = {}) =>
    bench.app.request('/api/v1/runs', { method: 'POST', body, headers: { ...headers, ...more } })
  expect((await post(JSON.stringify({ repository: 'a/b', ref: 'x'.repeat(70_000) }))).status).toBe(413)
  expect((await post('{}', { 'content-encoding': 'gzip' })).status).toBe(415)
  expect((await post('[[[')).status).toBe(400)
})

test.each([
  ['PUT', '/api/v1/runs', 'GET, HEAD, POST'],
  ['DELETE', '/api/v1/runs/20260101-000000-aaaaaa', 'GET, HEAD'],
  ['PATCH', '/api/v1/workers/x', 'DELETE'],
  ['OPTIONS', '/api/v1/queue', 'GET, HEAD'],
  ['PUT', '/api/v1/approvals', 'POST, GET, HEAD, DELETE'],
])('%s %s is not described: what is, is said', async (method, path, allow) => {
  const headers = { authorization: `Bearer ${OPERATOR_TOKEN}` }
  const answer = await bench.app.request(path, { method, headers })
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
  expect(await answer.json()).toMatchObject({ error: { code: 'method-not-allowed' } })
})

describe('what cannot be answered', () => {
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

  test.each(['/nothing', '/runs/20260101-000000-aaaaaa/files/report.html', '/nothing/<b>'])(
    'is a page for people: %s',
    async (path) => {
      const answer = await bench.app.request(path, { headers: browser })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8'])
      const text = await answer.text()
      expect(text).toContain('<h1>Not found</h1>')
      expect(text).not.toContain('<b>')
    },
  )

  test('is JSON for programs, and below the API for everybody', async () => {
    for (const [path, headers] of [
      ['/nothing', {}],
      ['/nothing', { accept: '*/*' }],
      ['/api/v1/nothing', browser],
      ['/worker/v1/nothing', browser],
      ['/hooks/nothing', browser],
    ] as const) {
      const answer = await bench.app.request(path, { headers })
      expect([path, answer.status, (await answer.json()) as unknown]).toMatchObject([path, 404, { error: {} }])
    }
  })

  test('says a fault of the server by the request that the log has too, and nothing else', async () => {
    const text = await (await bench.app.request('/breaks', { headers: browser })).text()
    const id = /under request ([a-z2-9]{12})/.exec(text)?.[1]
    expect(text).not.toContain('details')
    expect(bench.lines.find((line) => line.includes('a fault with details'))).toContain(`"request":"${id}"`)
  })

  test('keeps the header of a refusal', async () => {
    const post = () => bench.app.request('/login', { method: 'POST', headers: browser })
    let answer = await post()
    for (let count = 0; count < 6; count++) answer = await post()
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '12'])
    expect(await answer.text()).toContain('<h1>Too many requests</h1>')
    bench.clock.time += 3_600_000
  })
})
