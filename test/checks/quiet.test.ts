import { describe, expect, it } from 'vitest'
import type { AppActivity } from '../../src/checks/activity.ts'
import { checkHttp, type HttpCheck } from '../../src/checks/http.ts'
import type { ListeningPort } from '../../src/checks/listening-ports.ts'
import type { TimeSpan } from '../../src/engine/convergence/activity.ts'
import { isDeterministic } from '../../src/verdict/causes.ts'
import {
  DOMAIN,
  KnownActivity,
  NO_ROUTER,
  NOBODY,
  PausesPass,
  type Reply,
  route,
  signsEach,
  standIn,
} from './edge-stand-in.ts'

const MINUTE = 60_000
const SIGNAL = new AbortController().signal
const TASK = { id: 't1', service: 'app', addresses: ['10.0.0.7'], container: 'c1', healthy: false }
const UP: Reply = { status: 200, body: 'Seed library' }

interface Scene {
  /** What comes back, so many ms after the begin. */
  readonly reply: (elapsedMs: number) => Reply | null
  /** Whether the proxy has a router; default: always. */
  readonly isRouted?: (elapsedMs: number) => boolean
  readonly activity?: (clock: PausesPass) => AppActivity
  readonly check?: Partial<HttpCheck>
}

async function play({ reply, isRouted = () => true, activity, check = {} }: Scene) {
  const clock = new PausesPass()
  await using edge = await standIn(() => reply(clock.elapsedMs()))
  const result = await checkHttp({
    edge: edge.address,
    domain: DOMAIN,
    path: '/',
    allowed: [200, 301, 302],
    tasksOf: async () => [TASK],
    routesOf: async () => (isRouted(clock.elapsedMs()) ? [route()] : []),
    timeoutMs: 5 * MINUTE,
    signal: SIGNAL,
    clock,
    mask: String,
    ...(activity ? { activity: activity(clock) } : {}),
    ...check,
  })
  return { ...result, tookMs: clock.elapsedMs(), pauses: clock.pauses, requests: edge.requests.length }
}

/** A line in the log every so often; the app is a busy one for four minutes. */
const talksFor =
  (forMs: number, everyMs = 5_000) =>
  (clock: PausesPass) =>
    new KnownActivity(clock, signsEach(everyMs, forMs, { from: clock.begun, excusable: true }))
/** A change of a task or of health: what cannot be excused. */
const changesFor = (forMs: number, everyMs: number) => (clock: PausesPass) =>
  new KnownActivity(clock, signsEach(everyMs, forMs, { from: clock.begun, excusable: false }))
const silent = (clock: PausesPass) => new KnownActivity(clock, [])

/** What an app that is not up yet may look like over HTTP, and the cause where it stays so. */
const SLOW_STARTS: readonly {
  name: string
  reply: Reply
  code: string
  stayed: RegExp
  routed?: boolean
}[] = [
  { name: 'nobody listens yet', reply: NOBODY, code: 'http-not-serving', stayed: /stayed 502/ },
  {
    name: 'no server is healthy',
    reply: { status: 503, body: 'no available server' },
    code: 'http-not-serving',
    stayed: /stayed 503/,
  },
  {
    name: 'the proxy dials in vain',
    reply: { status: 504, body: 'Gateway Timeout' },
    code: 'http-not-serving',
    stayed: /stayed 504/,
  },
  {
    name: 'no router until it is healthy',
    reply: NO_ROUTER,
    code: 'proxy-fallback',
    stayed: /stayed 404/,
    routed: false,
  },
  {
    name: '503 by the app',
    reply: { status: 503, body: 'migrating' },
    code: 'http-wrong-status',
    stayed: /stayed 503/,
  },
  { name: '429 by the app', reply: { status: 429, body: 'later' }, code: 'http-wrong-status', stayed: /stayed 429/ },
  {
    name: '502 by a proxy inside the app',
    reply: { status: 502, body: '<h1>502 Bad Gateway</h1>' },
    code: 'http-wrong-status',
    stayed: /stayed 502/,
  },
  {
    name: '404 by the app',
    reply: { status: 404, body: '404 page not found\n' },
    code: 'http-wrong-status',
    stayed: /stayed 404/,
  },
  {
    name: '500 by the app',
    reply: { status: 500, body: 'no database' },
    code: 'http-wrong-status',
    stayed: /stayed 500/,
  },
  {
    name: 'a maintenance page elsewhere',
    reply: { status: 307, body: '', location: 'https://status.example.net/' },
    code: 'http-wrong-status',
    stayed: /stayed 307/,
  },
  {
    name: 'a circle until the set-up is done',
    reply: { status: 302, body: '', location: `https://${DOMAIN}/` },
    code: 'redirect-loop',
    stayed: /circle stayed/,
  },
]

describe.each(SLOW_STARTS)('a slow start: $name', ({ reply, code, stayed, routed = true }) => {
  const isRouted = (elapsedMs: number) => routed || elapsedMs >= 4 * MINUTE
  const comesUp = (elapsedMs: number) => (elapsedMs < 4 * MINUTE ? reply : UP)

  it('of four minutes with a line every 5 s is waited for', async () => {
    const { outcome, tookMs } = await play({ reply: comesUp, isRouted, activity: talksFor(4 * MINUTE) })
    expect(outcome).toBe('pass')
    expect(tookMs).toBeGreaterThanOrEqual(4 * MINUTE)
  })

  it('with nothing at work is decided at 20 s, by its own cause and for good', async () => {
    const { outcome, cause, tookMs } = await play({ reply: () => reply, isRouted: () => routed, activity: silent })
    expect([outcome, cause?.code, cause && isDeterministic(cause)]).toEqual(['fail', code, true])
    expect(cause?.lines.at(-1)).toMatch(/^nothing moved for 20 s, and the/)
    expect(cause?.lines.at(-1)).toMatch(stayed)
    expect(tookMs).toBeGreaterThanOrEqual(20_000)
    expect(tookMs).toBeLessThanOrEqual(22_500)
  })
})

const BROKEN: Reply = { status: 500, body: 'oops' }

describe('when an answer counts for good', () => {
  it('counts from the last sign of work', async () => {
    const { cause, tookMs } = await play({ reply: () => BROKEN, activity: changesFor(70_000, 14_000) })
    expect(cause?.lines.at(-1)).toContain('nothing moved')
    expect(tookMs).toBe(90_000)
  })

  it('counts again from another answer', async () => {
    const reply = (at: number): Reply => ({ status: 500, body: at < 12_000 ? 'starting' : 'oops' })
    const { tookMs } = await play({ reply, activity: silent })
    expect(tookMs).toBeGreaterThanOrEqual(32_000)
    expect(tookMs).toBeLessThanOrEqual(37_000)
  })

  it('never comes to be where nobody knows about the app', async () => {
    const unknown = { lastAt: () => null }
    const { outcome } = await play({ reply: (at) => (at < 4 * MINUTE ? BROKEN : UP), activity: () => unknown })
    expect(outcome).toBe('pass')
  })

  it('takes as long as the recipe wants', async () => {
    const { cause, tookMs } = await play({ reply: () => BROKEN, activity: silent, check: { quietMs: MINUTE } })
    expect(cause?.lines.at(-1)).toBe('nothing moved for 60 s, and the answer stayed 500')
    expect(tookMs).toBe(MINUTE)
  })

  it.each([
    ['ids and times', (n: number) => `request 4f3a${String(n).padStart(10, '0')}b1, 09:15:${10 + (n % 50)}`, 20_000],
    ['a count that grows', (n: number) => `${n} of 900 done`, 40_000],
  ])('of bodies that differ in %s', async (_, body, atLeast) => {
    let n = 0
    const reply = (at: number) => (at < 40_000 ? { status: 500, body: body(++n) } : UP)
    const { tookMs } = await play({ reply, activity: silent })
    expect(tookMs).toBeGreaterThanOrEqual(atLeast)
    expect(tookMs).toBeLessThan(atLeast + 5_000)
  })
})

describe('our own requests', () => {
  /** An app that logs a line half a second after each request, and nothing else, for a minute. */
  async function logged(reply: Reply) {
    const clock = new PausesPass()
    const lines: number[] = []
    await using edge = await standIn(() => {
      lines.push(clock.now() + 500)
      return clock.elapsedMs() < MINUTE ? reply : UP
    })
    const isExcused = (at: number, excused: readonly TimeSpan[]) =>
      excused.some(({ from, to }) => at >= from && at <= to)
    const activity: AppActivity = {
      lastAt: (excused = []) =>
        Math.max(clock.begun, ...lines.filter((at) => at <= clock.now() && !isExcused(at, excused))),
    }
    const asked = { domain: DOMAIN, path: '/', allowed: [200], timeoutMs: 5 * MINUTE, signal: SIGNAL, mask: String }
    const found = { tasksOf: async () => [TASK], routesOf: async () => [route()] }
    const { outcome } = await checkHttp({ ...asked, ...found, edge: edge.address, clock, activity })
    return { outcome, tookMs: clock.elapsedMs() }
  }

  it('are no work of an app that logs each of them', async () => {
    const { outcome, tookMs } = await logged(BROKEN)
    expect(outcome).toBe('fail')
    expect(tookMs).toBeLessThanOrEqual(22_500)
  })

  it.each([
    ['the app says "not yet"', { status: 503, body: 'migrating' }],
    ['the proxy answers in its place', NOBODY],
  ])('excuse nothing while %s', async (_, reply) => {
    expect((await logged(reply)).outcome).toBe('pass')
  })

  it('come less and less often while the answer stays the same', async () => {
    const { pauses } = await play({ reply: () => BROKEN, activity: silent })
    expect(pauses.slice(0, 3)).toEqual([250, 250, 250])
    expect(pauses).toContain(1_000)
    expect(Math.max(...pauses)).toBe(2_500)
    expect(pauses.length).toBeLessThan(35)
  })
})

describe('what is known at once', () => {
  const elsewhere = { service: 'app', rules: ['Host(`library.example.net`)'], port: 8080, namesDomain: false }
  const pattern = { ...elsewhere, rules: ['HostRegexp(`.+`)'] }
  const own = { ...elsewhere, rules: [`Host(\`${DOMAIN}\`)`], namesDomain: true }

  it('is a rule for another host', async () => {
    const { cause, tookMs } = await play({
      reply: () => NO_ROUTER,
      isRouted: () => false,
      check: { routed: [elsewhere] },
    })
    expect(cause).toMatchObject({ code: 'proxy-fallback', deterministic: true })
    expect(cause?.message).toBe(`the rule names library.example.net, not ${DOMAIN}`)
    expect(tookMs).toBe(0)
  })

  it.each([
    ['a pattern', [pattern]],
    ['one of several that names the domain', [elsewhere, own]],
  ])('is not %s', async (_, routed) => {
    const reply = (at: number) => (at < MINUTE ? NO_ROUTER : UP)
    const { outcome } = await play({ reply, isRouted: (at) => at >= MINUTE, check: { routed } })
    expect(outcome).toBe('pass')
  })

  it('is not undone by the router of the release before, which still answers', async () => {
    const reply = (at: number) => (at < 1_000 ? UP : NO_ROUTER)
    const { cause, tookMs } = await play({ reply, isRouted: (at) => at < 1_000, check: { routed: [elsewhere] } })
    expect(cause?.message).toContain('the rule names library.example.net')
    expect(tookMs).toBe(1_000)
  })

  const open = (...ports: number[]): ListeningPort[] => ports.map((port) => ({ port, loopback: false }))
  const ports = (listening: readonly ListeningPort[], healthy: boolean) => {
    const looks: string[] = []
    const portsOf = async (container: string) => {
      looks.push(container)
      return listening
    }
    return { looks, check: { portsOf, tasksOf: async () => [{ ...TASK, healthy }] } }
  }

  it.each([
    ['another port is open', open(9000), 'nothing listens on port 8080 of app, where the proxy asks; open there: 9000'],
    [
      'it listens for itself alone',
      [{ port: 8080, loopback: true }],
      'app listens on port 8080 for itself alone (127.0.0.1)',
    ],
  ])('is a closed port of a healthy container where %s', async (_, listening, message) => {
    const { check, looks } = ports(listening, true)
    const { cause, tookMs } = await play({ reply: () => NOBODY, activity: talksFor(4 * MINUTE), check })
    expect(cause).toMatchObject({ code: 'http-not-serving', service: 'app', message, deterministic: true })
    expect(cause?.lines.slice(0, 2)).toEqual([`GET https://${DOMAIN}/: 502`, 'Bad Gateway'])
    expect(tookMs).toBeLessThan(5_000)
    expect(looks).toEqual(['c1'])
  })

  it('is not one of a container without a health check: quiet decides, and the open ports are named', async () => {
    const { check, looks } = ports(open(9000, 9100), false)
    const { cause, tookMs } = await play({ reply: () => NOBODY, activity: silent, check })
    expect(cause?.message).toContain('open there: 9000, 9100')
    expect(cause?.lines.at(-1)).toContain('nothing moved for 20 s')
    expect(tookMs).toBeGreaterThanOrEqual(20_000)
    expect(looks.length).toBeLessThanOrEqual(2)
  })

  it.each([
    ['nothing listens yet', open(), true],
    ['another port is open first, without a health check', open(9000), false],
    ['the port is open', open(8080), true],
  ])('is not an app that gets on where %s', async (_, listening, healthy) => {
    const { check, looks } = ports(listening, healthy)
    const reply = (at: number) => (at < 4 * MINUTE ? NOBODY : UP)
    const { outcome } = await play({ reply, activity: talksFor(4 * MINUTE), check })
    expect(outcome).toBe('pass')
    expect(looks.length).toBeLessThanOrEqual(2)
  })

  it('is that a proxy of somebody else cannot be asked', async () => {
    const { outcome, cause, tookMs } = await play({ reply: () => UP, check: { routesOf: async () => null } })
    expect([outcome, cause?.code, cause?.blame, tookMs]).toEqual(['unverified', 'evidence-missing', 'infra', 0])
  })
})

describe('a deadline', () => {
  const soon = { timeoutMs: 1_500, clock: undefined }

  it('that merely passed leaves the cause to chance, and says what moved last', async () => {
    const activity = () => ({ lastAt: () => Date.now() - 400 })
    const { cause } = await play({ reply: () => NOBODY, activity, check: soon })
    expect(cause?.code).toBe('http-not-serving')
    expect(cause && isDeterministic(cause)).toBe(false)
    expect(cause?.lines).toEqual([
      `GET https://${DOMAIN}/: 502`,
      'Bad Gateway',
      expect.stringMatching(/^the time for it, 2 s, is over; something moved until \d s ago$/),
    ])
  })

  it('ends a request that hangs, with nothing learnt', async () => {
    const { outcome, cause } = await play({ reply: () => null, check: soon })
    expect([outcome, cause?.blame]).toEqual(['unverified', 'infra'])
  })
})

it('rejects with the reason of the signal', async () => {
  const controller = new AbortController()
  const reason = new Error('the watch has decided')
  const reply = () => {
    controller.abort(reason)
    return null
  }
  await expect(play({ reply, check: { signal: controller.signal, clock: undefined } })).rejects.toBe(reason)
})
