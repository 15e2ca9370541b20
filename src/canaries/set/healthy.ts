import type { Canary } from '../canary.ts'
import {
  all,
  app,
  backup,
  deploy,
  healthcheck,
  oneShot,
  publishedPort,
  secondHost,
  secondRoute,
  settings,
  unlabel,
  worker,
} from '../changes.ts'
import { passes, WAY_BACK } from '../expect.ts'
import { HTTPD, LISTEN, PAGE } from '../tiny.ts'

/** Lint asks for a route (R010), which decides its rung and not the verdict. */
const NO_HTTP = {
  unchecked: ['task-answers', 'page-shown', 'lint-clean'],
} as const
const DUMP = 'sh -c \'echo "CREATE TABLE notes (id int);" > /data/dump.sql\''

/** Nothing is wrong with these, though some look as if: each must stay green. */
export const HEALTHY: Readonly<Record<string, Canary>> = {
  healthy: {
    about: 'Nothing is wrong.',
    expect: passes(),
    shape: 'own-layer',
    fast: 'what all others are compared with',
  },
  'two-upgrades-and-back': {
    about:
      'Operators who took every upgrade, and went back after the last: head has a service more than the release before.',
    expect: passes({
      only: ['install', 'upgrade'],
      besides: { upgrade: [{ id: 'step-taken', subject: '1.1.0+1' }, 'backed-up-before'], rollback: WAY_BACK },
    }),
    args: ['--base', '1.0.0+1..1.1.0+1', '--only', 'upgrade', '--rollback'],
    between: {},
    head: { compose: worker },
  },
  'slow-starter': {
    about: 'Needs 8 seconds to listen, and says so with its start period.',
    expect: passes(),
    both: { serve: `sleep 8\n${LISTEN}`, compose: healthcheck({ retries: 2, start_period: '30s' }) },
    fast: 'fail fast must not cut a slow start short',
  },
  'variable-by-client': {
    about:
      "Reads a variable of `.env.sample` that no compose file names: the operators' client gives it to the service `app`.",
    expect: passes(),
    both: { env: 'GREETING=hello\n', serve: `test "$GREETING" = hello || exit 9\n${LISTEN}` },
  },
  'good-one-shot': {
    about: 'A service that runs once and ends well.',
    expect: passes(),
    both: { compose: oneShot('echo migrated') },
  },
  'one-shot-on-failure': {
    about: 'A service that runs once under `on-failure` and ends well at its second attempt.',
    expect: passes(),
    both: {
      compose: (compose) => {
        oneShot('test -e /data/tried || { touch /data/tried; exit 1; }', 'on-failure')(compose)
        Object.assign(compose.services.migrate ?? {}, { volumes: ['data:/data'] })
      },
    },
  },
  'deaf-to-sigterm': {
    about: 'The web server is process 1 and ignores SIGTERM.',
    expect: passes(),
    shape: 'own-layer',
    both: { serve: `${PAGE}\nexec busybox httpd -f -p 8080 -h /www` },
  },
  'rolling-start-first': {
    about: 'The new task starts before the old one ends: both are there for a while.',
    expect: passes(),
    both: {
      compose: ({ services }) => {
        services.app.deploy.update_config.order = 'start-first'
      },
    },
  },
  'two-web-services': {
    about: 'A second service is routed below a path and serves there.',
    expect: passes({
      besides: Object.fromEntries(['install', 'upgrade', 'restore'].map((tier) => [tier, ['routes-lead'] as const])),
    }),
    both: {
      compose: secondRoute(`mkdir -p /www/admin\necho admin > /www/admin/index.html\n${HTTPD}`),
    },
  },
  'non-http': {
    about: 'Serves no HTTP: nothing is routed to it.',
    expect: passes(NO_HTTP),
    both: { compose: unlabel('traefik.') },
  },
  'left-out-on-purpose': {
    about: 'Head leaves out a host and a port, and its settings say why.',
    expect: passes({ besides: { install: ['routes-lead'] }, findings: ['no-longer-there'] }),
    args: ['--allow', 'host-port'],
    base: { compose: all(secondHost, publishedPort(18_973)) },
    both: {
      files: settings('removed:\n  route:www.DOMAIN/: the second name is retired\n  port:18973/tcp: nobody used it\n'),
    },
  },
  'links-in-its-volume': {
    about: 'Makes links and a pipe in its volume at each start, so that a restore finds them there already.',
    expect: passes(),
    both: {
      serve: `ln -sfn /etc /data/settings; ln -sfn keep /data/current; mkdir -p /data/keep; [ -p /data/pipe ] || mkfifo /data/pipe\n${LISTEN}`,
    },
  },
  'no-volumes': {
    about: 'Keeps nothing and asks for no backup.',
    shape: 'front',
    expect: passes({ without: ['backup', 'restore'] }),
    both: {
      compose: (compose) => {
        compose.volumes = {}
        all(app({ volumes: [] }), unlabel('backupbot.'))(compose)
      },
    },
  },
  'dump-only': {
    about: 'The backup holds the dump of a database that lies elsewhere, and nothing else of the volume.',
    expect: passes(),
    both: { compose: backup({ 'backup.pre-hook': DUMP, 'backup.volumes.data.path': 'dump.sql' }) },
  },
  'waits-for-another': {
    about: 'Ends twice, with another sign each time, until what it needs is there.',
    expect: passes(),
    both: {
      serve: `n=$(cat /data/starts 2>/dev/null || echo 0)\necho $((n + 1)) > /data/starts\n[ "$n" -ge 2 ] || exit $((10 + n))\n${LISTEN}`,
    },
  },
  'global-service': {
    about: 'Runs one task on every node.',
    expect: passes(),
    both: { compose: deploy({ mode: 'global' }) },
  },
  'moved-placement': {
    about: 'Head says where the app may run, which it does already: the engine keeps its task.',
    expect: passes(),
    head: { compose: deploy({ placement: { constraints: ['node.role == manager'] } }) },
  },
  'shipped-at-zero': {
    about: 'A second service is shipped at 0 replicas, for operators to start by hand.',
    expect: passes(),
    both: {
      compose: (compose) => {
        worker(compose)
        const { deploy: second } = compose.services.worker ?? {}
        if (second) second.replicas = 0
      },
    },
  },
  'nothing-changed': {
    about: 'Head runs the very same as the only release: there is no upgrade to judge, and that is no fault.',
    expect: passes({ without: ['upgrade'] }),
    sameAsBase: true,
  },
  'orphan-service': {
    about: 'Head drops a service that keeps running.',
    expect: passes({ findings: ['orphan-service'] }),
    base: { compose: worker },
    fast: 'green, and yet something must be told',
  },
  'rules-that-hold': {
    about: 'Its settings ask for a port that listens and for a file that is in the backup.',
    expect: passes({
      without: ['upgrade'],
      besides: {
        install: [{ id: 'ready', subject: 'app listens on 8080' }],
        backup: ['backup-verified'],
        restore: [{ id: 'ready', subject: 'app listens on 8080' }],
      },
    }),
    base: null,
    head: {
      serve: `echo 'a note' > /data/note.txt\n${LISTEN}`,
      files: settings(
        'ready:\n  - tcp: { service: app, port: 8080 }\nbackup:\n  verify:\n    - { volume: data, path: note.txt }\n',
      ),
    },
  },
  'login-first': {
    about: 'Answers 401 on its first page, and its settings say that this is right.',
    shape: 'front',
    expect: passes(),
    both: {
      serve: `${PAGE}\nmkdir -p /www/cgi-bin\nrm /www/index.html\nprintf '#!/bin/sh\\necho "Status: 401 Unauthorized"; echo "Content-Type: text/html"; echo; echo "<h1>Please log in</h1>"\\n' > /www/cgi-bin/index.cgi\nchmod +x /www/cgi-bin/index.cgi\n${HTTPD}`,
      files: settings('health:\n  status: [401]\n'),
    },
  },
}
