import type { Canary } from '../canary.ts'
import { ends } from '../expect.ts'
import { helper, library, SERVE, secondHost, TRUE, UP } from '../library.ts'

const LIVE = ['install', 'upgrade', 'backup', 'restore'] as const
const WHOLE = [...LIVE, 'resilience'] as const
const EATS = 'x=a; while :; do x=$x$x; done'
const LITTLE = { resources: { limits: { memory: '32M' } } }
const WAITS = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"
const says = (status: string) =>
  `trap 'exit 0' TERM; while :; do printf 'HTTP/1.0 ${status}\\r\\nContent-Length: 4\\r\\n\\r\\noops' | nc -l -p 8080 >/dev/null; done`
const ILL_AFTER = (seconds: number) => ({
  startPeriod: '2s',
  run: `touch /tmp/ok; (sleep ${seconds}; rm -f /tmp/ok) & ${SERVE}`,
  health: ['CMD', '/bin/sh', '-c', '[ -f /tmp/ok ] && wget -q -O /dev/null http://127.0.0.1:8080/'],
})
const ROLLS_BACK = { order: 'start-first', failure_action: 'rollback', monitor: '1s' }

/** The same recipe with a fault that shows late, in another place, or not at all to who only waits. */
export const LIBRARY_ILL: Readonly<Record<string, Canary>> = {
  // Lives that are too short.
  'memory-behind-a-true-check': {
    about: 'Killed for memory again and again; its health check always says yes.',
    expect: ends(['install'], ['oom-killed'], { withinSeconds: 30 }),
    recipe: library({ released: false, app: { run: `sleep 2; ${EATS}`, health: TRUE, deploy: LITTLE } }),
    fast: 'decided by the process, while HTTP is waited for',
  },
  'quiet-end': {
    about: 'A server that ends with 0 after 6 s under `on-failure`: nobody starts it again.',
    expect: ends(['install'], ['service-stranded'], { withinSeconds: 20 }),
    recipe: library({
      released: false,
      app: { run: `${UP}; sleep 6; exit 0`, health: TRUE, restart: { condition: 'on-failure' } },
    }),
  },
  'short-lives': {
    about: 'Serves, looks healthy, and ends with 9 every 5 s.',
    expect: ends(LIVE, ['crash-loop'], { withinSeconds: 40 }),
    recipe: library({ released: false, app: { run: `${UP}; sleep 5; exit 9` } }),
    fast: 'each tier sees one end only',
  },
  'ends-well-every-8': {
    about: 'Serves, looks healthy, and ends with 0 every 8 s under `any`.',
    expect: ends(LIVE, ['crash-loop'], { withinSeconds: 40 }),
    recipe: library({ released: false, app: { run: `${UP}; sleep 8; exit 0` } }),
  },
  'dies-at-40': {
    about: 'Serves, looks healthy, and ends with 1 after 40 s, each time.',
    expect: ends(WHOLE, ['crash-loop'], { withinSeconds: 100 }),
    recipe: library({ released: false, app: { run: `${UP}; sleep 40; exit 1` } }),
    fast: 'later than the tiers of a short run take',
  },
  'dies-at-40-unchecked': {
    about: 'The same without a health check.',
    expect: ends(WHOLE, ['crash-loop'], { withinSeconds: 100 }),
    recipe: library({ released: false, app: { run: `${UP}; sleep 40; exit 1`, health: null } }),
  },
  'ill-at-40': {
    about: 'Turns unhealthy 40 s after each start and is replaced.',
    expect: ends(WHOLE, ['healthcheck-failing', 'crash-loop'], { withinSeconds: 110 }),
    recipe: library({ released: false, app: ILL_AFTER(40) }),
  },
  'dies-after-a-while': {
    about: 'Head adds a worker that looks well for 35 s and then ends with 3, each time.',
    expect: ends(WHOLE, ['crash-loop'], { withinSeconds: 90 }),
    recipe: library({
      beside: { worker: (release) => (release === 1 ? null : helper('sleep 35; echo lost the queue; exit 3')) },
    }),
  },
  'ill-after-the-update': {
    about: 'Head turns unhealthy 15 s after each start, long after the monitor window; the engine replaces it forever.',
    expect: ends(['upgrade', 'backup', 'restore', 'resilience'], ['healthcheck-failing', 'crash-loop'], {
      withinSeconds: 60,
    }),
    recipe: library({ app: { update: ROLLS_BACK }, second: ILL_AFTER(15) }),
  },
  'die-in-turn': {
    about: 'Two workers end again and again, one after 25 s, the other after 37 s.',
    expect: ends(WHOLE, ['crash-loop'], { withinSeconds: 65 }),
    recipe: library({
      released: false,
      beside: {
        left: () => helper('sleep 25; echo left is tired; exit 4'),
        right: () => helper('sleep 37; echo right is tired; exit 5'),
      },
    }),
  },
  'worker-out-of-memory': {
    about: 'A worker beside the app is killed for memory every 20 s.',
    expect: ends(WHOLE, ['oom-killed'], { withinSeconds: 45 }),
    recipe: library({
      released: false,
      beside: { worker: () => helper(`sleep 20; ${EATS}`, 'any', { deploy: LITTLE }) },
    }),
  },
  'once-fails': {
    about: 'A one-shot beside the app fails, and nobody starts it again.',
    expect: ends(['install'], ['one-shot-failed'], { withinSeconds: 15 }),
    recipe: library({ released: false, beside: { seed: () => helper('echo no such table; exit 3', 'none') } }),
  },
  'once-fails-always': {
    about: 'A one-shot beside the app fails under `on-failure`, forever.',
    expect: ends(['install'], ['crash-loop', 'one-shot-failed'], { withinSeconds: 40 }),
    recipe: library({ released: false, beside: { seed: () => helper('echo no such table; exit 3', 'on-failure') } }),
  },
  'job-fails': {
    about: 'A service in the mode of a job fails.',
    expect: ends(['install'], ['one-shot-failed', 'crash-loop'], { withinSeconds: 40 }),
    recipe: library({
      released: false,
      beside: {
        seed: () => ({
          ...helper('echo no such table; exit 3', 'none'),
          update: null,
          deploy: { mode: 'replicated-job' },
        }),
      },
    }),
  },
  'new-one-crashes': {
    about: 'Head crashes at its start; the update starts the new task first, and the old one keeps serving.',
    expect: ends(['upgrade'], ['rolled-back', 'crash-loop'], { withinSeconds: 30 }),
    recipe: library({
      app: { update: { ...ROLLS_BACK, monitor: '5s' } },
      second: { update: { ...ROLLS_BACK, monitor: '5s' }, run: 'echo no such column >&2; exit 7' },
    }),
  },
  // What nobody reaches.
  'always-500': {
    about: 'Healthy for the engine; every page is a 500.',
    expect: ends(['install'], ['http-wrong-status'], { withinSeconds: 60 }),
    recipe: library({ released: false, app: { health: TRUE, run: says('500 Oops') } }),
  },
  'talks-and-500': {
    about: 'Every page is a 500, and every request is a line of its log.',
    expect: ends(['install'], ['http-wrong-status'], { withinSeconds: 60 }),
    recipe: library({
      released: false,
      app: { health: TRUE, run: says('500 Oops').replace('done', 'echo "GET / 500"; done') },
    }),
  },
  'asks-who-you-are': {
    about: 'Answers 401 on its first page, and no settings say that this is right.',
    expect: ends(['install'], ['http-wrong-status'], { withinSeconds: 60 }),
    recipe: library({ released: false, app: { health: TRUE, run: says('401 Unauthorized') } }),
  },
  'another-host': {
    about: "The rule names a host that is not the app's.",
    expect: ends(['install'], ['proxy-fallback'], { withinSeconds: 20 }),
    recipe: library({ released: false, app: { route: { host: 'library.example.net' } } }),
  },
  'label-misspelt': {
    about:
      'Head writes `traefik.http.router.` for `traefik.http.routers.`: nobody reaches the app that the release served.',
    expect: ends(['upgrade', 'lint'], ['proxy-fallback', 'http-not-serving'], { withinSeconds: 60 }),
    recipe: library({ second: { route: { kind: 'router' } } }),
    fast: 'what the release did must still be done',
  },
  'another-port': {
    about: 'The label names a port where nothing listens.',
    expect: ends(['install'], ['http-not-serving'], { withinSeconds: 60 }),
    recipe: library({ released: false, app: { route: { port: 8181 } } }),
  },
  'off-the-proxy': {
    about: 'The routed service is not on the proxy network.',
    expect: ends(['install'], ['http-not-serving', 'proxy-fallback'], { withinSeconds: 60 }),
    recipe: library({ released: false, app: { networks: ['inner'] } }),
  },
  'second-host-is-silent': {
    about: 'A second service has a host of its own, and nothing in it listens.',
    expect: ends(['install'], ['http-not-serving'], { withinSeconds: 60 }),
    recipe: library({
      released: false,
      beside: { admin: () => helper(WAITS, 'any', { labels: secondHost('admin.${DOMAIN}', 8080) }) },
    }),
  },
  'image-not-nested': {
    about: 'Its image is a default within a default, which the docker CLI does not nest.',
    expect: ends(['install'], ['compose-invalid'], { withinSeconds: 20 }),
    recipe: library({ released: false, app: { image: 'cc-ci-fixtures/library:${TAG:-${DEFAULT:-2}}' } }),
  },
  // Data.
  'label-not-raised-data-moved': {
    about: 'Head has the label of the newest tag and mounts another volume: all data is gone.',
    expect: ends(['upgrade'], ['data-lost']),
    recipe: library({ second: { volumes: ['other:/data'] }, label: '1.0.0+1.0.0' }),
  },
}
