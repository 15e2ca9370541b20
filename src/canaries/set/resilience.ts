import type { CheckRef } from '../../verdict/checks.ts'
import type { Canary } from '../canary.ts'
import { companion, deploy, type RecipeChange } from '../changes.ts'
import { changedByHand } from '../disturbances/simple.ts'
import { type ExpectedStop, passes, stops } from '../expect.ts'
import { HTTPD, LISTEN, PAGE, type Tweak } from '../tiny.ts'

/** A snapshot of a running app holds what an unclean end leaves: these would fail at the restore. */
const ONLY = ['--only', 'resilience']
const KILLED = afterKillOf('app')
const AGAIN: readonly CheckRef[] = [{ id: 'converged', after: { kind: 'redeploy' } }, 'redeploy-idle']

function afterKillOf(service: string): CheckRef[] {
  const after = { kind: 'kill', service } as const
  return [
    { id: 'converged', after },
    { id: 'task-answers', after },
  ]
}

function fails(cause: Parameters<typeof stops>[1], decidedBy: CheckRef, more: ExpectedStop = {}) {
  return stops('resilience', cause, decidedBy, { without: ['upgrade'], ...more })
}

const CONNECT = 'mkdir -p /www/cgi-bin\necho ok > /www/ok.txt\nuntil wget -q -O /tmp/session "$DB"; do sleep 1; done'
const WELL = `echo 'Content-Type: text/html'; echo; echo '<!doctype html><title>Tiny</title><h1>A tiny app</h1><p>It works.</p>'`
const SAME_SESSION = '[ "$(wget -q -O - "$DB")" = "$(cat /tmp/session)" ]'
const NEVER_RECONNECTS = `${CONNECT}
cat > /www/cgi-bin/index.cgi <<'CGI'
#!/bin/sh
if ! ${SAME_SESSION}; then
  echo 'Status: 500 Internal Server Error'; echo 'Content-Type: text/plain'; echo; echo 'server closed the connection unexpectedly'; exit
fi
${WELL}
CGI
chmod +x /www/cgi-bin/index.cgi
${HTTPD}`
const ENDS_WITH_DATABASE = `${CONNECT}
cat > /www/cgi-bin/index.cgi <<'CGI'
#!/bin/sh
${WELL}
CGI
chmod +x /www/cgi-bin/index.cgi
trap 'exit 0' TERM
busybox httpd -f -p 8080 -h /www &
while sleep 1; do ${SAME_SESSION} || { echo 'lost the database' >&2; exit 1; }; done`
const STALE_PID = `if [ -e /data/app.pid ]; then echo 'a server is already running (/data/app.pid)' >&2; exit 1; fi
echo 1 > /data/app.pid
${PAGE}
trap 'rm -f /data/app.pid; exit 0' TERM
busybox httpd -f -p 8080 -h /www &
wait`
const WIPES = `if [ -e /data/unclean ]; then rm -rf /data/* /data/.[!.]*; fi
touch /data/unclean
[ -e /data/note.txt ] || echo 'a note' > /data/note.txt
${PAGE}
trap 'rm -f /data/unclean; exit 0' TERM
busybox httpd -f -p 8080 -h /www &
wait`

/** Under the restart condition `on-failure` it may be started again once. */
export const FIRST_BOOT_TAKES_A_RESTART: Tweak = {
  serve: `[ -e /data/once ] || { : > /data/once; exit 1; }\n${LISTEN}`,
  compose: deploy({ restart_policy: { condition: 'on-failure', delay: '1s', max_attempts: 1 } }),
}

/** What only a killed container, or a second deployment of the same commit, brings to light. */
export const RESILIENCE: Readonly<Record<string, Canary>> = {
  'never-reconnects': {
    about: 'Connects to its database at the start only: an error once that was killed.',
    expect: fails(
      'http-wrong-status',
      { id: 'task-answers', after: { kind: 'kill', service: 'db' } },
      { after: KILLED },
    ),
    base: null,
    head: { serve: NEVER_RECONNECTS, compose: withDatabase },
  },
  'stays-down': {
    about: 'A server with the restart condition `none`.',
    expect: fails('not-recovered', { id: 'task-replaced', after: { kind: 'kill', service: 'app' } }),
    base: null,
    head: { compose: deploy({ restart_policy: { condition: 'none' } }) },
  },
  'restarts-used-up': {
    about: 'May be started again once, and the first boot takes that.',
    expect: fails(
      'not-recovered',
      { id: 'task-replaced', after: { kind: 'kill', service: 'app' } },
      { only: ['install'] },
    ),
    args: ONLY,
    base: null,
    head: FIRST_BOOT_TAKES_A_RESTART,
  },
  'stale-pid-file': {
    about: 'A file in its volume forbids the start after a crash.',
    expect: fails(
      'crash-loop',
      { id: 'converged', after: { kind: 'kill', service: 'app' } },
      { only: ['install'], says: /already running/ },
    ),
    args: ONLY,
    base: null,
    head: { serve: STALE_PID },
  },
  'wipes-after-a-crash': {
    about: 'Starts over with empty data after an unclean end.',
    expect: fails('data-lost', 'data-kept', { only: ['install'], after: [...KILLED, ...AGAIN] }),
    args: ONLY,
    base: null,
    head: { serve: WIPES },
  },
  'redeploy-restarts': {
    about: 'Somebody changed the app since its deployment, so that deploying it again restarts it.',
    expect: fails('no-op-restarts', 'redeploy-idle', { after: [...KILLED, ...afterKillOf('db')] }),
    base: null,
    head: { compose: withDatabase },
    disturbance: changedByHand,
  },
  'survives-kills': {
    about: 'Comes back with its data whenever it is killed.',
    expect: passes({ without: ['upgrade'], besides: { resilience: KILLED } }),
    base: null,
    head: {},
    fast: 'a kill of our own is no fault of the app',
  },
  'ends-with-its-database': {
    about: 'Ends when its database is killed, and comes back.',
    expect: passes({ without: ['upgrade'], besides: { resilience: KILLED }, findings: ['ended-with-another'] }),
    base: null,
    head: { serve: ENDS_WITH_DATABASE, compose: withDatabase },
  },
  'database-in-container': {
    about: 'Keeps a database in its own container.',
    shape: 'own-layer',
    expect: passes({ without: ['upgrade'], besides: { resilience: KILLED }, findings: ['data-in-container'] }),
    base: null,
    head: { serve: `mkdir -p /app\necho data > /app/data.db\n${LISTEN}` },
  },
}

/** A second service whose answer changes with every start, as the session of a database does. */
function withDatabase(compose: Parameters<RecipeChange>[0]): void {
  const serve =
    'mkdir -p /www; cat /proc/sys/kernel/random/uuid > /www/session.txt; trap "exit 0" TERM; busybox httpd -f -p 5432 -h /www & wait'
  const database = companion(compose, serve, 'any')
  compose.services.db = {
    ...database,
    deploy: { ...database.deploy, restart_policy: { condition: 'any', delay: '1s' } },
  }
  compose.services.app.environment.DB = 'http://${STACK_NAME}_db:5432/session.txt'
}
