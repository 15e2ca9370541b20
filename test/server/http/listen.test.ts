// cspell:ignore testme readyz
import { createHmac } from 'node:crypto'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HttpListener, listen } from '../../../src/server/http/listen.ts'
import { RATES, RateLimiter } from '../../../src/server/http/middleware/rate-limit.ts'
import { FakeClock } from '../storage/bench.ts'
import { type HttpBench, httpBench, OPERATOR_TOKEN, SETTINGS } from './bench.ts'

let bench: HttpBench
let server: HttpListener
let url = ''
beforeAll(async () => {
  bench = await httpBench({ settings: { publicUrl: 'http://127.0.0.1' } })
  const limits = { headersMs: 300, requestMs: 600, headerBytes: 4096, connections: 100 }
  server = await listen(bench.app, { host: '127.0.0.1', port: 0, limits })
  url = `http://127.0.0.1:${server.port}`
})
afterAll(() => server.close(0))

/** What the server says to these bytes until it hangs up. */
function said(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
}

describe('a client that costs too much is cut off', () => {
  test('headers that never end', async () => {
    expect(await said('GET / HTTP/1.1\r\nHost: x\r\nX-')).toMatch(/^HTTP\/1.1 408/)
  })

  test('a body that never ends', async () => {
    const head = `POST /hooks/gitea HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{`
    expect(await said(head)).toMatch(/^(HTTP\/1.1 408|$)/)
  })

  test('headers without end', async () => {
    expect(await said(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(8000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/)
  })

  test('a body that says less than it is', async () => {
    const chunk = `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n`
    const auth = `Authorization: Bearer ${OPERATOR_TOKEN}\r\nContent-Type: application/json\r\n`
    const text = await said(
      `POST /api/v1/runs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${auth}Transfer-Encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1.1 413/)
  })
})

test('logins are few for each address, and the answer says when to come again', async () => {
  const login = () =>
    fetch(`${url}/login`, {
      ...{ method: 'POST', body: new URLSearchParams({ token: 'x'.repeat(40) }) },
      headers: { origin: 'http://127.0.0.1', 'x-forwarded-for': `10.0.0.${Math.floor(Math.random() * 250)}` },
    })
  const states: number[] = []
  for (let count = 0; count < 7; count++) states.push((await login()).status)
  expect(states).toEqual([401, 401, 401, 401, 401, 429, 429])
  const refused = await login()
  expect(Number(refused.headers.get('retry-after'))).toBe(12)
  bench.clock.time += 12_000
  expect((await login()).status).toBe(401)
})

test('the same delivery fifty times at once is answered fifty times, and never by a redirect', async () => {
  const body = JSON.stringify({
    ...{ action: 'created', is_pull: true, issue: { number: 7 }, repository: { full_name: 'coop/hello' } },
    comment: {
      ...{ id: 41, body: '!testme', user: { login: 'member' } },
      ...{ created_at: '2026-11-28T05:00:00Z', updated_at: '2026-11-28T05:00:00Z' },
    },
    pull_request: { head: { sha: 'a'.repeat(40) } },
  })
  const headers = {
    'x-gitea-event-type': 'pull_request_comment',
    'x-gitea-signature': createHmac('sha256', SETTINGS.webhookSecret).update(body).digest('hex'),
  }
  // With the limits of every day: those above are so short that a busy machine meets them.
  const usual = await listen(bench.app, { host: '127.0.0.1', port: 0 })
  const hook = `http://127.0.0.1:${usual.port}/hooks/gitea`
  const post = () => fetch(hook, { method: 'POST', body, headers, redirect: 'manual' })
  const states = await Promise.all(Array.from({ length: 50 }, async () => (await post()).status))
  expect(new Set(states)).toEqual(new Set([202]))
  await usual.close(0)
  await bench.drain()
  expect(bench.comments).toHaveLength(50)
  expect(bench.comments[0]).toMatchObject({ comment: { id: 41, pull: 7 }, head: 'a'.repeat(40) })
})

test('readiness follows the database, liveness does not', async () => {
  expect((await fetch(`${url}/readyz`)).status).toBe(200)
  const { ping } = bench.store
  Object.assign(bench.store, { ping: () => Promise.reject(new Error('the database does not answer')) })
  const answer = await fetch(`${url}/readyz`)
  expect([answer.status, await answer.text()]).toEqual([503, 'the database does not answer\n'])
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  Object.assign(bench.store, { ping })
})

test('metrics tell queue, runs and answers', async () => {
  await bench.ask()
  const text = await (await fetch(`${url}/metrics`)).text()
  for (const line of ['cc_ci_runs{state="queued"} 1', 'cc_ci_database_up 1', 'cc_ci_answers_waiting 0']) {
    expect(text).toContain(line)
  }
  expect(text).toMatch(/cc_ci_http_seconds_count\{method="GET",route="\/healthz",status="200"\} \d/)
})

describe('closing', () => {
  test('waits for an answer under way, and not longer than told', async () => {
    const answers: (() => void)[] = []
    const slow = { fetch: () => new Promise<Response>((resolve) => answers.push(() => resolve(new Response('done')))) }
    const own = await listen(slow, { host: '127.0.0.1', port: 0 })
    const asked = fetch(`http://127.0.0.1:${own.port}/`)
    await expect.poll(() => answers.length).toBe(1)
    const closing = own.close(5000)
    answers[0]?.()
    expect(await (await asked).text()).toBe('done')
    await closing
    const other = await listen(slow, { host: '127.0.0.1', port: 0 })
    const cut = expect(fetch(`http://127.0.0.1:${other.port}/`)).rejects.toThrow()
    await expect.poll(() => answers.length).toBe(2)
    await other.close(10)
    await cut
  })

  test('a port that is taken is said to be', async () => {
    await expect(listen(bench.app, { host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
      code: 'cannot-listen',
    })
  })
})

test('pages of runs, for which files are read, have a bound of their own', async () => {
  const page = async (path: string) => {
    const answer = await fetch(`${url}${path}`)
    await answer.arrayBuffer()
    return answer.status
  }
  const states: number[] = []
  for (let count = 0; count <= RATES.run.burst; count++) states.push(await page('/runs/20260101-000000-abcdef'))
  expect([states[0], states.at(-2), states.at(-1)]).toEqual([404, 404, 429])
  // Texts are masked as they leave, which costs as much.
  expect(await page('/runs/20260101-000000-abcdef/files/logs/app.log')).toBe(429)
  expect(await page('/runs/20260101-000000-abcdef/files/artifacts/page.png')).toBe(404)
  expect(await page('/sweeps/none')).toBe(404)
})

test('ten thousand addresses are remembered, and no more', () => {
  const limits = new RateLimiter(new FakeClock())
  for (let count = 0; count < 10_500; count++) limits.take(`a${count}`, 'login')
  expect(limits.size).toBe(10_000)
  const waits = Array.from({ length: RATES.login.burst + 1 }, () => limits.take('b', 'login'))
  expect(waits).toEqual([0, 0, 0, 0, 0, 12_000])
})
