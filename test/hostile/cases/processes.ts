import { all, app, companion, deploy, healthcheck, settings } from '../../../src/canaries/changes.ts'
import { HTTPD, LISTEN, PAGE } from '../../../src/canaries/tiny.ts'
import { fails, type HostileCases, PASS, unproven } from '../case.ts'

/** Ends with its container alone. */
const DEAF = `${PAGE}\ntrap '' TERM INT HUP\nbusybox httpd -f -p 8080 -h /www &\nwhile true; do wait; done`
/** One process after the other until there can be no more; then what starts them ends. */
const FILL = '(while sleep 100000 & do :; done) 2> /dev/null'
const SHORT = settings('timeouts:\n  deploy: 2m\n')

/** What takes processes, and what does not end. */
export const PROCESSES: HostileCases = {
  'fork-bomb': {
    fast: 'processes',
    about:
      'Has as many processes as it can get; they sleep, because a busy bomb measures the processors of whoever runs this test. What it loses it takes again each second.',
    head: {
      serve: `${PAGE}\n${FILL} || true\nmkfifo /never\n(exec 9<> /never; while :; do ${FILL}; read -r -t 1 never <&9; done) &\n${HTTPD}`,
    },
    ends: unproven('install', 'run-processes', 'infra', /2048 processes/),
    withinSeconds: 900,
  },
  zombies: {
    about: 'Leaves three thousand dead children that nobody reaps.',
    head: { serve: `sh -c 'i=0; while [ $i -lt 3000 ]; do : & i=$((i+1)); done; exec sleep 100000' &\n${LISTEN}` },
    ends: PASS,
    withinSeconds: 900,
  },
  'never-leaves': {
    about: 'Ignores SIGTERM, and asks for ten hours to end in.',
    head: { serve: DEAF, compose: app({ stop_grace_period: '10h' }) },
    ends: PASS,
    withinSeconds: 900,
  },
  'never-makes-room': {
    about: 'The release ignores SIGTERM and has ten hours to end in: head would wait for it.',
    base: { serve: DEAF, compose: app({ stop_grace_period: '10h' }), files: SHORT },
    head: { serve: DEAF, compose: app({ stop_grace_period: '10h' }), files: SHORT },
    only: 'upgrade',
    ends: fails('upgrade', 'not-converged'),
    withinSeconds: 900,
  },
  'probe-without-end': {
    about: 'Its health check never comes to an end.',
    head: { compose: healthcheck({ test: ['CMD', 'sleep', '100000'], timeout: '24h' }), files: SHORT },
    ends: fails('install', 'not-converged'),
    withinSeconds: 900,
  },
  'probe-bomb': {
    about: 'Its health check leaves processes behind, ten a second.',
    head: {
      compose: healthcheck({ test: ['CMD-SHELL', 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 100000 & done; true'] }),
    },
    ends: PASS,
    withinSeconds: 900,
  },
  'too-many': {
    fast: 'replicas',
    about: 'A million replicas, and seventy services.',
    head: {
      compose: all(deploy({ replicas: 1_000_000 }), (compose) => {
        for (let i = 0; i < 70; i++) compose.services[`s${i}`] = companion(compose, 'sleep 1', 'any')
      }),
    },
    ends: fails('install', 'policy-refused', /1000070 replicas of all services/),
    withinSeconds: 600,
  },
  'process-one-kills-all': {
    about: 'Sends SIGKILL to all that it can reach, again and again.',
    head: { serve: `${PAGE}\n(while true; do kill -9 -1; sleep 1; done) &\n${HTTPD}` },
    ends: PASS,
    withinSeconds: 900,
  },
}
