// cspell:ignore PKCE
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type HttpBench, httpBench } from './bench.ts'

/** The forge's side of a login: one code, given to whoever proves to have begun. */
interface Login {
  challenge: string
  user: string
  status: number
  readonly calls: string[]
}

const login: Login = { challenge: '', user: 'ann', status: 200, calls: [] }
let forge: Server
let bench: HttpBench

beforeAll(async () => {
  forge = createServer(async (request, response) => {
    login.calls.push(`${request.method} ${request.url}`)
    const { status, body } = await answerOf(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => forge.listen(0, '127.0.0.1', resolve))
  const forgeUrl = `http://127.0.0.1:${(forge.address() as AddressInfo).port}`
  const oauth = { clientId: 'the-client', clientSecret: 'the-client-secret-0123' }
  bench = await httpBench({ settings: { forgeUrl, oauth, operatorOrganisation: 'coop-cloud' }, members: ['ann'] })
  bench.app.get('/who', (c) => c.json(bench.auth.viewer(c)))
})
afterAll(() => void forge.close().closeAllConnections())
beforeEach(() => {
  Object.assign(login, { user: 'ann', status: 200 })
  login.calls.length = 0
  bench.clock.time += 3_600_000
})

async function answerOf(request: IncomingMessage): Promise<{ status: number; body: object }> {
  if (login.status !== 200) return { status: login.status, body: {} }
  if (request.url === '/api/v1/user') {
    const known = request.headers.authorization === 'Bearer the-access-token'
    return known ? { status: 200, body: { login: login.user } } : { status: 401, body: {} }
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
  const proven =
    createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url') === login.challenge
  const right = proven && form.get('code') === 'the-code' && form.get('client_secret') === 'the-client-secret-0123'
  return right ? { status: 200, body: { access_token: 'the-access-token' } } : { status: 400, body: {} }
}

async function begin(): Promise<{ readonly state: string; readonly cookie: string }> {
  const answer = await bench.app.request('/login/forge')
  const url = new URL(answer.headers.get('location') ?? '')
  expect(`${url.origin}${url.pathname}`).toBe(`${bench.settings.forgeUrl}/login/oauth/authorize`)
  expect(url.searchParams.get('redirect_uri')).toBe('https://ci.example.org/login/forge/callback')
  expect(url.searchParams.get('code_challenge_method')).toBe('S256')
  login.challenge = url.searchParams.get('code_challenge') ?? ''
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] as string
  return { state: url.searchParams.get('state') ?? '', cookie }
}

const comeBack = (query: Record<string, string>, cookie = '') =>
  bench.app.request(`/login/forge/callback?${new URLSearchParams(query)}`, { headers: { cookie } })

const sessionOf = (answer: Response) =>
  answer.headers.getSetCookie().find((one) => one.startsWith('__Host-cc_ci=')) ?? null

test('a member of the organisation is let in under the own name', async () => {
  const { state, cookie } = await begin()
  const answer = await comeBack({ state, code: 'the-code' }, cookie)
  expect(answer.status).toBe(200)
  expect(login.calls).toEqual(['POST /login/oauth/access_token', 'GET /api/v1/user'])
  const session = (sessionOf(answer) ?? '').split(';')[0] as string
  const viewer = await bench.app.request('/who', { headers: { cookie: session } })
  expect(await viewer.json()).toMatchObject({ operator: 'ann' })
})

test('somebody else is not', async () => {
  login.user = 'mallory'
  const { state, cookie } = await begin()
  const answer = await comeBack({ state, code: 'the-code' }, cookie)
  expect([answer.status, sessionOf(answer)]).toEqual([403, null])
})

test.each([
  ['without the cookie of its beginning', async () => comeBack({ state: (await begin()).state, code: 'the-code' })],
  ['with another state', async () => comeBack({ state: 'x', code: 'the-code' }, (await begin()).cookie)],
  [
    'too late',
    async () => {
      const { state, cookie } = await begin()
      bench.clock.time += 600_000
      return comeBack({ state, code: 'the-code' }, cookie)
    },
  ],
])('an answer %s is refused before the forge is asked', async (_, act) => {
  const answer = await act()
  expect([answer.status, sessionOf(answer), login.calls]).toEqual([403, null, []])
})

test.each([
  ['a code that is not its own', 200, 'another', 403],
  ['no code', 200, '', 403],
  ['a forge that is down', 502, 'the-code', 503],
])('%s lets nobody in', async (_, status, code, expected) => {
  const { state, cookie } = await begin()
  login.status = status
  const answer = await comeBack({ state, code }, cookie)
  expect([answer.status, sessionOf(answer)]).toEqual([expected, null])
})

test('a session cookie is no beginning of a login, nor the other way round', async () => {
  const { state, cookie } = await begin()
  const value = cookie.split('=')[1] as string
  const viewer = await bench.app.request('/who', { headers: { cookie: `__Host-cc_ci=${value}` } })
  expect(await viewer.json()).toMatchObject({ operator: null })
  const back = await comeBack({ state, code: 'the-code' }, cookie)
  const session = (sessionOf(back) ?? '').split(';')[0]?.split('=')[1] as string
  expect((await comeBack({ state, code: 'the-code' }, `cc_ci_login=${session}`)).status).toBe(403)
})
