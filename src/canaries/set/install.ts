import type { Canary } from '../canary.ts'
import {
  all,
  app,
  CRASH,
  deploy,
  healthcheck,
  label,
  oneShot,
  secondRoute,
  settings,
  unlabel,
  worker,
} from '../changes.ts'
import { ends, stops } from '../expect.ts'
import { HTTPD, LISTEN, PAGE } from '../tiny.ts'

/** Slow, and says so: it looks alive until a deadline passes. */
const NEVER_UP = { serve: `sleep 120\n${LISTEN}`, compose: healthcheck({ retries: 2, start_period: '180s' }) }
const UP = ['images-resolved', 'converged'] as const
const infra = { blame: 'infra' } as const

/** Ends in the tier `install`: the first deployment of a recipe that was never released. */
export const INSTALL: Readonly<Record<string, Canary>> = {
  'crash-loop': {
    about: 'The program ends with 7 right after its start, again and again.',
    expect: stops('install', 'crash-loop', 'converged', {
      also: { backup: 'blocked', restore: 'blocked' },
      says: /no such table: users/,
    }),
    base: null,
    head: { serve: CRASH },
    fast: 'the commonest fault',
  },
  'bad-health-check': {
    about: 'The app serves, its health check looks at a page that is not there.',
    expect: stops('install', 'healthcheck-failing', 'converged'),
    base: null,
    head: {
      compose: healthcheck({
        test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/healthz'],
        interval: '1s',
        retries: 2,
        start_period: '1s',
      }),
    },
    fast: 'killed by the engine, which is no crash loop',
  },
  'http-500': {
    about: 'Healthy for the engine; every page is an internal error.',
    shape: 'front',
    expect: stops('install', 'http-wrong-status', 'task-answers'),
    base: null,
    head: {
      serve: `mkdir -p /www/cgi-bin\necho ok > /www/ok.txt\nprintf '#!/bin/sh\\necho "Status: 500 Internal Server Error"; echo "Content-Type: text/plain"; echo; echo "database is locked"\\n' > /www/cgi-bin/index.cgi\nchmod +x /www/cgi-bin/index.cgi\n${HTTPD}`,
    },
  },
  'wrong-router-host': {
    about: "The router's rule names another host.",
    expect: stops('install', 'proxy-fallback', 'task-answers'),
    base: null,
    head: { compose: label('traefik.http.routers.${STACK_NAME}.rule', 'Host(`www.${DOMAIN}`)') },
    fast: "the proxy's own page must not count as the app's",
  },
  'router-misspelt-always': {
    about: 'One label has `router` for `routers`, in the only version there is: no app without HTTP.',
    expect: stops('install', 'proxy-fallback', 'task-answers', {
      also: { lint: 'http-not-serving' },
      unchecked: ['lint-clean'],
    }),
    base: null,
    head: {
      compose: all(
        unlabel('traefik.http.routers.${STACK_NAME}.rule'),
        label('traefik.http.router.${STACK_NAME}.rule', 'Host(`${DOMAIN}`)'),
      ),
    },
  },
  'wrong-port': {
    about: 'The proxy is told a port where nothing listens.',
    expect: stops('install', 'http-not-serving', 'task-answers'),
    base: null,
    head: { compose: label('traefik.http.services.${STACK_NAME}.loadbalancer.server.port', '8081') },
  },
  'dead-second-route': {
    about: 'A second service is routed below a path, and nothing in it listens.',
    expect: stops('install', 'http-not-serving', 'routes-lead', {
      after: [...UP, 'task-answers'],
    }),
    base: null,
    head: { compose: secondRoute("trap 'exit 0' TERM; while true; do sleep 1; done") },
  },
  'missing-image': {
    about: 'The image is at a registry that does not answer.',
    expect: stops('install', 'image-unpullable', { id: 'tier-ran', subject: 'install' }, infra),
    base: null,
    head: { compose: app({ image: 'registry.invalid/never-built:9' }) },
    fast: 'known at once, and not the fault of the recipe',
  },
  'too-little-memory': {
    about: 'Its memory limit is below what the engine takes.',
    expect: stops('install', 'engine-refused', { id: 'tier-ran', subject: 'install' }, { says: /at least \d+ ?MiB/ }),
    base: null,
    head: { compose: deploy({ resources: { limits: { memory: '1M' } } }) },
    fast: "the engine's no is about the recipe, and no sign of a lost engine",
  },
  'one-shot-failed': {
    about: 'A service that runs once ends with 3.',
    expect: stops('install', 'one-shot-failed', 'converged', { says: /relation exists/ }),
    base: null,
    head: { compose: oneShot('echo "relation exists" >&2; exit 3') },
    fast: 'never started again: waiting is of no use',
  },
  'fails-twice': {
    about: 'A service that runs once ends with 3, on a fresh stack too.',
    expect: stops('install', 'one-shot-failed', 'converged', { findings: ['repeated'] }),
    base: null,
    head: { compose: oneShot('exit 3') },
  },
  'external-volume': {
    about: 'The volume is external and exists nowhere: the engine would make it, and it would stay.',
    expect: stops('install', 'compose-invalid', { id: 'tier-ran', subject: 'install' }),
    args: ['--allow', 'foreign-volume'],
    base: null,
    head: {
      compose: (compose) => {
        compose.volumes = { data: { external: true, name: 'never-made-by-anybody' } }
      },
    },
  },
  privileged: {
    about: 'Asks for all privileges.',
    expect: stops('install', 'policy-refused', 'policy-allows', {
      unchecked: ['lint-clean'],
    }),
    base: null,
    head: { compose: app({ privileged: true }) },
    fast: 'costs nothing',
  },
  'secret-by-hand': {
    about: 'Needs a secret that can only be inserted by hand.',
    expect: stops('install', 'secret-missing', { id: 'tier-ran', subject: 'install' }),
    base: null,
    head: {
      env: 'SECRET_TOKEN_VERSION=v1 # generate=false\n',
      compose: (compose) => {
        compose.secrets = { token: { external: true, name: '${STACK_NAME}_token_${SECRET_TOKEN_VERSION:-v1}' } }
        compose.services.app.secrets = ['token']
      },
    },
    fast: 'costs nothing',
  },
  'unknown-command': {
    about: 'The image has no program of the name that is asked for.',
    expect: stops('install', 'task-rejected', 'converged'),
    base: null,
    head: { compose: app({ entrypoint: ['/usr/bin/no-such-program'] }) },
    fast: 'refused before the program runs',
  },
  'no-node': {
    about: 'Asks for a node with a label that none has.',
    expect: stops('install', 'no-suitable-node', 'converged', infra),
    base: null,
    head: { compose: deploy({ placement: { constraints: ['node.labels.nowhere == yes'] } }) },
  },
  'too-few-addresses': {
    about: 'A network of its own has fewer addresses than the service has tasks.',
    expect: stops('install', 'address-pool-exhausted', 'converged', infra),
    args: ['--allow', 'network-address'],
    base: null,
    head: {
      compose: all(app({ networks: ['proxy', 'narrow'] }), deploy({ replicas: 8 }), (compose) => {
        compose.networks.narrow = { driver: 'overlay', ipam: { config: [{ subnet: '10.231.77.0/29' }] } }
      }),
    },
  },
  'port-twice': {
    about: 'Two services publish the same port of the host.',
    expect: stops('install', 'port-in-use', 'converged', infra),
    args: ['--allow', 'host-port'],
    base: null,
    head: {
      compose: (compose) => {
        const ports = [{ target: 8080, published: 18971, protocol: 'tcp', mode: 'host' }]
        worker(compose)
        app({ ports })(compose)
        Object.assign(compose.services.worker ?? {}, { ports })
      },
    },
  },
  stranded: {
    about: 'A server ends with 0 under `on-failure`: nobody starts it again.',
    expect: stops('install', 'service-stranded', 'converged'),
    base: null,
    head: { serve: 'echo bye\nexit 0', compose: deploy({ restart_policy: { condition: 'on-failure' } }) },
    fast: 'N/N will never come, and nothing has failed',
  },
  'eats-memory': {
    about: 'Uses more memory than its limit.',
    expect: stops('install', 'oom-killed', 'converged'),
    base: null,
    head: {
      serve: 'x=aaaaaaaaaaaaaaaa\nwhile :; do x=$x$x; done',
      compose: deploy({ resources: { limits: { memory: '12M' } } }),
    },
  },
  'eats-the-run': {
    about: 'Sets no limit and uses all the memory that the run has.',
    expect: stops('install', 'run-memory', 'converged', { blame: 'infra' }),
    base: null,
    head: {
      serve: 'x=aaaaaaaaaaaaaaaa\nwhile :; do x=$x$x; done',
      // More than it may have here: nothing is set aside for it.
      compose: deploy({ resources: { reservations: { memory: '128M' } } }),
    },
    args: ['--run-memory', '64M'],
    fast: 'a limit that the recipe has nothing to do with',
  },
  'forks-without-end': {
    about: 'Sets no limit and starts processes beside its server until it can start no more, which ends it.',
    // How long two thousand processes take is the machine's affair: it has passed tiers until then on one that had much else to do.
    expect: ends(['install', 'backup', 'restore', 'resilience'], ['run-processes'], { blame: 'infra' }),
    base: null,
    head: { serve: `${PAGE}\nbusybox httpd -p 8080 -h /www\nwhile sleep 100000 & do :; done` },
  },
  'never-up': {
    about: 'Never passes its health check, neither says nor does anything, and its settings give it 20 s.',
    expect: stops('install', 'not-converged', 'converged'),
    base: null,
    head: {
      serve: 'sleep 300',
      compose: healthcheck({ interval: '60s', retries: 9, start_period: '0s' }),
      files: settings('timeouts:\n  deploy: 20s\n'),
    },
  },
  'run-too-long': {
    about: 'Still starting when the deadline of the whole run passes.',
    expect: stops('install', 'deadline', null, {
      ...infra,
      only: ['install'],
      after: ['images-resolved'],
    }),
    args: ['--only', 'install', '--deadline', '20s'],
    base: null,
    head: NEVER_UP,
  },
  'not-ready': {
    about: 'A probe of its settings looks at a port where nothing listens.',
    expect: stops('install', 'not-ready', { id: 'ready', subject: 'app listens on 8081' }, { after: UP }),
    base: null,
    head: { files: settings('ready:\n  - tcp: { service: app, port: 8081 }\n    timeout: 3s\n') },
  },
}
