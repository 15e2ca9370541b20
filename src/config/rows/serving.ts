import { z } from 'zod'
import { duration, durationFrom, probe, statuses, urlPath } from '../formats.ts'
import { setting } from '../row.ts'

/**
 * THE time after which an unchanging answer counts for good: nothing was at work for so long, and every request got the same. A recipe can
 * lengthen it (`timeouts.quiet`), never shorten it.
 */
export const QUIET_MS = 20_000

/** When the app counts as up, and what a browser looks at. */
export const servingRows = {
  'health.path': setting(urlPath, {
    earlier: 'HEALTH_PATH',
    what: 'The path that must answer when the app is healthy. Where it is not set, the path that the routers of the recipe lead to: `/`, or `/blog` for an app that is routed below it alone.',
    default: '/',
    example: '/api/health',
  }),
  'health.status': setting(statuses, {
    earlier: 'HEALTH_OK',
    what: 'The HTTP statuses that count as a good answer.',
    default: [200, 301, 302],
    example: [200, 401],
  }),
  'timeouts.deploy': setting(duration, {
    earlier: 'DEPLOY_TIMEOUT',
    what: 'How long all services together may take to come up without progress. While one that is not up yet gets on (it writes something new, uses the processor, or is inside the `start_period` of its health check), the wait continues, to three times as long at most. Where this is not set, a longer `coop-cloud.<stack>.timeout` label of the recipe counts.',
    default: '10m',
    example: '20m',
  }),
  'timeouts.http': setting(duration, {
    earlier: 'HTTP_TIMEOUT',
    what: 'How long the app may take to answer once its services are up and while anything of it moves.',
    default: '5m',
    example: '90s',
  }),
  'timeouts.quiet': setting(durationFrom(QUIET_MS), {
    earlier: null,
    what: 'How long nothing may move before an answer over HTTP that is not the wanted one counts for good: no task changes, health is settled, nothing is logged, the processor is idle and each request gets the same. An app that is silent for longer while it starts needs more.',
    default: `${QUIET_MS / 1000}s`,
    example: '1m',
  }),
  'timeouts.tests': setting(duration, {
    earlier: null,
    what: 'How long all custom tests of one tier together may take.',
    default: '10m',
    example: '15m',
  }),
  'timeouts.hook': setting(duration, {
    earlier: null,
    what: 'How long a function may take that does not name a timeout of its own.',
    default: '5m',
    example: '2m',
  }),
  ready: setting(z.array(probe).max(20), {
    earlier: 'READY_PROBE',
    what: 'What else must hold, after every deployment, before the app is looked at. Each probe is asked until it says yes or its timeout (`2m`) is over. `udp` asks whether somebody listens for datagrams and, with `send`, for an answer to that one. A function may return false for "not yet": it is called again.',
    default: [],
    example: [
      { tcp: { service: 'db', port: 5432 } },
      { udp: { service: 'app', port: 64_738, send: '000000000102030405060708' } },
      { http: { path: '/api/health', status: [200], contains: 'ok' } },
      { exec: { service: 'app', argv: ['test', '-f', '/data/ready'] } },
      { log: { service: 'app', contains: 'listening' }, timeout: '5m' },
    ],
    call: {
      params: ['ctx'],
      result: 'boolean | void',
      example: `async (ctx) => (await ctx.exec('app', ['test', '-f', '/data/ready'], { allowFailure: true })).exitCode === 0`,
    },
  }),
  screenshot: setting(
    z.strictObject({
      path: urlPath.prefault('/'),
      waitFor: z.string().min(1).max(500).meta({ title: 'CSS selector' }).optional(),
    }),
    {
      earlier: 'SCREENSHOT',
      what: 'The page that a browser opens and pictures (`/` is where the routers of the recipe lead to), and what must be visible on it before. A function gets a page of a fresh browser and opens what it likes; the picture is taken when it ends.',
      default: { path: '/' },
      example: { path: '/login', waitFor: 'form' },
      call: {
        params: ['page', 'ctx'],
        result: 'void',
        example: `async (page) => {
  await page.goto('/login')
  await page.getByRole('button').first().waitFor()
}`,
      },
    },
  ),
}
