import type { Canary } from '../canary.ts'
import { passes } from '../expect.ts'
import { helper, library, SERVE, TRUE } from '../library.ts'

const STEPS = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do echo step $i; sleep 5; done; '
const COMPUTES = 'e=$(($(date +%s)+60)); while [ $(date +%s) -lt $e ]; do :; done; '
const BUSY =
  "trap 'exit 0' TERM; e=$(($(date +%s)+40)); while [ $(date +%s) -lt $e ]; do echo migrating; printf 'HTTP/1.0 503 Busy\\r\\nContent-Length: 4\\r\\n\\r\\nbusy' | nc -l -p 8080 >/dev/null; done; "
const MIGRATES =
  'if [ ! -e /data/migrated ]; then for i in $(seq 1 36); do echo "migration $i of 36"; sleep 5; done; touch /data/migrated; fi; '
const SESSION = 'wget -q -O - http://db:5432/session'
const ENDS_WITH_DATABASE = `until ${SESSION} > /tmp/session; do sleep 1; done; cp /www/index.html /data/; httpd -p 8080 -h /data; trap 'exit 0' TERM; while sleep 1 & wait $!; do [ "$(${SESSION})" = "$(cat /tmp/session)" ] || { echo 'lost the database' >&2; exit 1; }; done`
const DATABASE =
  "mkdir -p /tmp/db; cat /proc/sys/kernel/random/uuid > /tmp/db/session; trap 'exit 0' TERM; httpd -p 5432 -h /tmp/db; while :; do sleep 1 & wait $!; done"
const TWO_NETWORKS = ['proxy', 'inner']
const INNER = ['inner']

/** A second recipe's healthy shapes: any red, `unverified` or flaky is wrong. */
export const LIBRARY_WELL: Readonly<Record<string, Canary>> = {
  'writes-nothing': {
    about: 'A read-only root: all that is written goes to the volume.',
    expect: passes(),
    recipe: library({ app: { keys: { read_only: true } } }),
    fast: 'the engine has no changes of a container to tell',
  },
  'writes-tmpfs': {
    about: 'A read-only root with a tmpfs.',
    expect: passes(),
    recipe: library({ app: { keys: { read_only: true, tmpfs: ['/tmp', '/run'] } } }),
  },
  'once-beside': {
    about:
      'A one-shot that ends with 0 beside the app; head brings a new image, and the engine calls its update paused.',
    expect: passes(),
    recipe: library({ beside: { seed: () => helper('sleep 1; echo seeded', 'none') } }),
    fast: 'an update that was paused and is whole',
  },
  'once-beside-on-failure': {
    about: 'The same under `on-failure`.',
    expect: passes(),
    recipe: library({ beside: { seed: () => helper('echo seeded', 'on-failure') } }),
  },
  'once-after-tries': {
    about: 'A one-shot that fails until the app listens, then ends with 0.',
    expect: passes(),
    recipe: library({
      app: { run: `sleep 10; ${SERVE}`, startPeriod: '40s', networks: TWO_NETWORKS },
      beside: {
        seed: () =>
          helper('wget -q -O /dev/null http://app:8080/ && exit 0; echo not yet; exit 1', 'on-failure', {
            networks: INNER,
          }),
      },
    }),
  },
  'slow-and-talking': {
    about: 'No health check; listens after 100 s and says a line every 5 s until then.',
    expect: passes(),
    recipe: library({ app: { health: null, run: STEPS + SERVE } }),
  },
  'slow-and-computing': {
    about: 'Listens after a minute of computing, and says nothing.',
    expect: passes(),
    recipe: library({ app: { startPeriod: '150s', run: COMPUTES + SERVE } }),
  },
  'slow-behind-503': {
    about: 'Answers 503 for 40 s while it says what it does, then 200.',
    expect: passes(),
    recipe: library({ app: { health: TRUE, run: BUSY + SERVE } }),
  },
  'three-minutes-of-migrations': {
    about: 'Its first start takes three minutes of migrations, of which it tells, within its start period.',
    expect: passes({ without: ['upgrade'] }),
    recipe: library({ app: { startPeriod: '240s', run: MIGRATES + SERVE }, released: false }),
  },
  'label-not-raised': {
    about: 'Head brings a new image and still has the label of the newest tag, as every change before its release.',
    expect: passes(),
    recipe: library({ label: '1.0.0+1.0.0' }),
  },
  'installs-and-restarts': {
    about: 'Installs itself at its first start and ends with 0, then runs.',
    expect: passes(),
    recipe: library({
      app: { run: `[ -e /data/installed ] || { sleep 6; touch /data/installed; echo installed; exit 0; }; ${SERVE}` },
    }),
    fast: 'one end that is outlived is no crash loop',
  },
  'serves-and-restarts-once': {
    about: 'Serves at its first start for 8 s, ends with 0 and is there for good then; no health check.',
    expect: passes(),
    recipe: library({
      app: {
        health: null,
        run: `[ -e /data/installed ] || { cp /www/index.html /data/; httpd -p 8080 -h /data; sleep 8; touch /data/installed; exit 0; }; ${SERVE}`,
      },
    }),
  },
  'worker-is-early': {
    about: 'A worker ends twice until the app that it needs listens.',
    expect: passes(),
    recipe: library({
      app: { run: `sleep 5; ${SERVE}`, networks: TWO_NETWORKS },
      beside: {
        worker: () =>
          helper(
            "wget -q -O /dev/null http://app:8080/ || { echo no app; exit 1; }; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done",
            'any',
            {
              networks: INNER,
            },
          ),
      },
    }),
  },
  'job-beside': {
    about: 'A service in the mode of a job beside the app.',
    expect: passes(),
    recipe: library({
      beside: {
        seed: () => ({ ...helper('sleep 2; echo seeded', 'none'), update: null, deploy: { mode: 'replicated-job' } }),
      },
    }),
  },
  'new-before-old': {
    about: 'Updates start the new task before the old one ends, and the engine is to roll back.',
    expect: passes(),
    recipe: library({ app: { update: { order: 'start-first', failure_action: 'rollback', monitor: '5s' } } }),
  },
  'two-of-it': {
    about: 'Two replicas of an app that keeps nothing.',
    expect: passes({ without: ['backup', 'restore'] }),
    recipe: library({
      app: { volumes: [], deploy: { replicas: 2 } },
    }),
  },
  'ends-slowly': {
    about: 'Takes 12 s to end when it is told to.',
    expect: passes(),
    recipe: library({
      app: {
        run: SERVE.replace("trap 'exit 0' TERM", "trap 'sleep 12; exit 0' TERM"),
        keys: { stop_grace_period: '30s' },
      },
    }),
  },
  'tells-every-second': {
    about: 'Writes a line of its log every second.',
    expect: passes(),
    recipe: library({ app: { run: SERVE.replace('do sleep', 'do echo "GET / 200"; sleep') } }),
  },
  'ends-with-database': {
    about: 'Ends when its database does, and comes back; the database has a new session after each start.',
    expect: passes(),
    recipe: library({
      app: { run: ENDS_WITH_DATABASE, networks: TWO_NETWORKS },
      beside: { db: () => helper(DATABASE, 'any', { networks: INNER, volumes: ['db:/var/lib/db'] }) },
    }),
  },
}
