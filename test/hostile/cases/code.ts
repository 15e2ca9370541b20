import { settings } from '../../../src/canaries/changes.ts'
import type { Tweak } from '../../../src/canaries/tiny.ts'
import { fails, type HostileCases, PASS } from '../case.ts'

const APPROVED = ['--approve-code']

function steps(script: string): Tweak {
  return { files: { ...settings('timeouts:\n  hook: 40s\n'), 'cc-ci/install-steps.sh': script } }
}

/** Prints what it reached and fails, or ends well. */
const REACH = `cat > /tmp/reach.mjs <<'E'
import { connect } from 'node:net'
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
const gateways = readFileSync('/proc/net/route', 'utf8').split('\\n').slice(1).map((line) => line.split('\\t')[2])
  .filter((hex) => hex && hex !== '00000000').map((hex) => hex.match(/../g).reverse().map((two) => parseInt(two, 16)).join('.'))
const hosts = [...gateways, '172.17.0.1', '172.18.0.1', '198.18.29.1', '169.254.169.254', '10.0.0.1', '10.0.1.1', '127.0.0.1', '1.1.1.1']
const ports = [22, 80, 443, 2375, 2377, 8080]
const open = (host, port) => new Promise((resolve) => {
  const socket = connect({ host, port, timeout: 2000 }, () => resolve(true))
  for (const event of ['error', 'timeout']) socket.on(event, () => { socket.destroy(); resolve(false) })
})
const reached = []
for (const host of hosts) {
  const found = await Promise.all(ports.map(async (port) => (await open(host, port)) ? host + ':' + port : null))
  reached.push(...found.filter(Boolean))
}
for (const name of ['example.com', 'cc-ci-edge', 'keycloak.ci.test', 'neighbour-victim.ci.test'])
  if (await lookup(name).then(() => true, () => false)) reached.push(name)
for (const file of ['/var/run/docker.sock', '/proc/1/environ', '/etc/shadow'])
  try { readFileSync(file); reached.push(file) } catch {}
if (reached.length > 0) { console.error('reached', reached.join(' ')); process.exit(3) }
E
node /tmp/reach.mjs`

/** Code that an operator approved, and that is not what it was taken for. */
export const CODE: HostileCases = {
  'steps-reach-out': {
    about: "Steps look for a way out: the machine's addresses, ports of engine and edge, names, files.",
    head: steps(REACH),
    args: APPROVED,
    ends: PASS,
    withinSeconds: 900,
  },
  'steps-without-end': {
    about: 'Steps that never end, ignore SIGTERM, fork, fill what there is, and print without end in the background.',
    head: steps(
      "trap '' TERM INT HUP\n(while true; do (sleep 1000 &); done) > /dev/null 2>&1 &\ncat /dev/zero > /tmp/big 2> /dev/null &\nyes > /dev/null &\nwhile true; do sleep 1; done\n",
    ),
    args: APPROVED,
    ends: fails('install', 'hook-failed'),
    withinSeconds: 600,
  },
  'steps-eat-memory': {
    about: 'Steps that take all memory there is.',
    head: steps("node -e 'const a = []; for (;;) a.push(Buffer.alloc(1 << 26, 1))'\n"),
    args: APPROVED,
    ends: fails('install', 'hook-failed'),
    withinSeconds: 600,
  },
}
