import { expect, test } from 'vitest'
import { checkHttp, type HttpCheck } from '../../src/checks/http.ts'
import { DOMAIN, NO_ROUTER, PausesPass, type Reply, route, standIn } from './edge-stand-in.ts'

const TASK = { id: 't1', service: 'app', addresses: ['10.0.0.7'], container: 'c1', healthy: false }
/** What an operator's Traefik may say to whoever asks for a host that it does not know. */
const FOR_EVERYBODY: Reply = { status: 200, body: 'Welcome to our server' }

/** The router appears after the answer to the request of that number, and before the table is read. */
async function play(replies: readonly Reply[], check: Partial<HttpCheck> & { readonly routedAfter: number }) {
  let asked = 0
  await using edge = await standIn(() => replies[Math.min(asked++, replies.length - 1)] ?? null)
  const result = await checkHttp({
    edge: edge.address,
    domain: DOMAIN,
    path: '/',
    allowed: [200],
    tasksOf: async () => [TASK],
    routesOf: async () => (asked >= check.routedAfter ? [route()] : []),
    timeoutMs: 300_000,
    signal: new AbortController().signal,
    clock: new PausesPass(),
    mask: String,
    ...check,
  })
  return { ...result, requests: edge.requests.length }
}

test("the proxy's 404 is not the app's where its router comes between the answer and the look at the table", async () => {
  const own: Reply = { status: 404, body: 'nothing here' }
  const { outcome, evidence, requests } = await play([NO_ROUTER, own], { allowed: [404], routedAfter: 1 })
  expect([outcome, requests, evidence?.bytes]).toEqual(['pass', 2, own.body.length])
})

test("a page for everybody is not the app's where its router comes between", async () => {
  const { outcome, evidence, requests } = await play([FOR_EVERYBODY, { status: 200, body: 'Seed library' }], {
    routedAfter: 1,
  })
  expect([outcome, requests, evidence?.bytes]).toEqual(['pass', 2, 'Seed library'.length])
})

test('a router that is there from the begin costs no second request, and then the same 404 is the app’s', async () => {
  const up = await play([{ status: 200, body: 'Seed library' }], { routedAfter: 0 })
  expect([up.outcome, up.requests]).toEqual(['pass', 1])
  const missing = await play([NO_ROUTER], { allowed: [404], routedAfter: 0 })
  expect([missing.outcome, missing.requests]).toEqual(['pass', 1])
})

test('what was said for the proxy’s 404 while it waited is that no router matched', async () => {
  const waited: string[] = []
  const { outcome } = await play([NO_ROUTER, NO_ROUTER, { status: 200, body: 'Seed library' }], {
    routedAfter: 2,
    onWaiting: ({ reason }) => void waited.push(reason),
  })
  expect(outcome).toBe('pass')
  expect(waited.join('\n')).toContain('no router of the proxy matched')
  expect(waited.join('\n')).not.toContain('the app answers 404')
})
