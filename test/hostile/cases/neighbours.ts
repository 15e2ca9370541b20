// cspell:ignore defaultgeneratedcert insecureskipverify msgmax rawdata serverstransports vxlanid
import { all, app, label } from '../../../src/canaries/changes.ts'
import type { Tweak } from '../../../src/canaries/tiny.ts'
import { HTTPD, PAGE } from '../../../src/canaries/tiny.ts'
import { fails, type HostileCases, PASS } from '../case.ts'
import { VICTIM } from '../neighbour.ts'

const router = (name: string, rule: string) => label(`traefik.http.routers.${name}.rule`, rule)
const escaped = (last: string) => `Host("${VICTIM.slice(0, -1)}${last}")`

/** One spelling each of a rule that takes a host which is not the app's own. */
const SPELLINGS: Readonly<Record<string, string>> = {
  plain: `Host(\`${VICTIM}\`)`,
  dot: `Host(\`${VICTIM}.\`)`,
  hex: escaped('\\x74'),
  octal: escaped('\\164'),
  short: escaped('\\u0074'),
  long: escaped('\\U00000074'),
  return: `Host(\`${VICTIM.slice(0, -1)}\rt\`)`,
  any: 'Host("\\x2a")',
  pattern: 'HostRegexp(`.*`)',
  path: 'PathPrefix(`/`)',
  or: `Host(\`\${DOMAIN}\`) || Host(\`${VICTIM}\`)`,
  not: 'Host(`${DOMAIN}`) || !Path(`/x`)',
}

/** Labels of Traefik that are not for a recipe to set. */
const LABELS: Readonly<Record<string, string>> = {
  'traefik.http.routers[bracket].rule': `Host(\`${VICTIM}\`)`,
  'traefik.tls.stores.default.defaultgeneratedcert.resolver': 'x',
  'traefik.http.routers.dashboard.service': 'api@internal',
  'traefik.http.middlewares.errors.errors.service': 'api@internal',
  'traefik.http.serverstransports.own.insecureskipverify': 'true',
}

const RULES = Object.entries(SPELLINGS)

/** What is there for all apps: the edge, its network, names, addresses. */
export const NEIGHBOURS: HostileCases = {
  'another-host': {
    fast: 'the edge',
    about: "Asks the edge for somebody else's requests, in every spelling that was found, and for the edge itself.",
    head: {
      compose: all(
        ...RULES.map(([name, rule]) => router(name, rule)),
        ...Object.entries(LABELS).map(([key, value]) => label(key, value)),
      ),
    },
    ends: fails(
      'install',
      'policy-refused',
      ...RULES.map(([name]) => new RegExp(`routers\\.${name}\\.rule.*foreign-route`)),
      ...Object.keys(LABELS).map((key) => new RegExp(`${key.replace(/[.[\]]/g, '\\$&')}.*foreign-route`)),
    ),
    withinSeconds: 600,
  },
  'another-name': {
    about: 'Calls itself what others are found by on the network of the edge.',
    head: {
      compose: (compose) => {
        const { app: own } = compose.services
        Object.assign(own, {
          hostname: 'keycloak.ci.test',
          networks: { proxy: { aliases: [VICTIM, 'cc-ci-edge'] } },
        })
        compose.services['cc-ci-edge'] = { ...own, hostname: VICTIM } as never
      },
    },
    ends: fails('install', 'policy-refused', /hostname|keycloak\.ci\.test/, /cc-ci-edge/, /neighbour-victim\.ci\.test/),
    withinSeconds: 600,
  },
  'all-addresses': {
    fast: 'networks',
    about: 'Takes the addresses and numbers that all networks are made of.',
    head: {
      compose: ({ networks }) => {
        networks.large = { ipam: { config: [{ subnet: '10.0.0.0/9' }] } }
        networks.numbered = { driver_opts: { 'com.docker.network.driver.overlay.vxlanid_list': '4097' } }
      },
    },
    ends: fails('install', 'policy-refused', /10\.0\.0\.0\/9/, /vxlanid_list/),
    withinSeconds: 600,
  },
  'host-and-engine': {
    about: 'Asks for ports of the host, its memory killer, its kernel and the folder of the engine.',
    head: {
      compose: all(
        (compose) => {
          compose.version = '3.13'
        },
        app({
          ports: ['80', { target: 81, mode: 'host' }],
          privileged: true,
          volumes: ['data:/data', '/var/run/docker.sock:/sock', '/:/host'],
          ...{ oom_score_adj: -1000, sysctls: { 'kernel.msgmax': '1' }, cap_add: ['SYS_ADMIN'] },
        }),
      ),
    },
    ends: fails(
      'install',
      'policy-refused',
      ...['host-port', 'privileged', 'engine-socket', 'bind-mount', 'host-setting', 'cap-add'].map(
        (code) => new RegExp(`\\[${code}\\]`),
      ),
    ),
    withinSeconds: 600,
  },
  'loudest-of-its-own': {
    about:
      'Everything at the edge that it may have: the highest priority, a pattern, a way that leads to somebody else.',
    head: {
      compose: all(
        label('traefik.http.routers.${STACK_NAME}.priority', '2147483646'),
        router('${STACK_NAME}-all', 'HostRegexp(`^.+\\.${DOMAIN}$`)'),
        label('traefik.http.routers.${STACK_NAME}-all.priority', '2147483646'),
        label('traefik.http.routers.${STACK_NAME}-all.entrypoints', 'web-secure'),
        label('traefik.http.routers.${STACK_NAME}-all.middlewares', '${STACK_NAME}-away'),
        label('traefik.http.middlewares.${STACK_NAME}-away.redirectregex.regex', '.*'),
        label('traefik.http.middlewares.${STACK_NAME}-away.redirectregex.replacement', `https://${VICTIM}/`),
        label('traefik.http.routers.${STACK_NAME}.service', '${STACK_NAME}'),
        label('traefik.http.routers.${STACK_NAME}-all.service', '${STACK_NAME}'),
      ),
    },
    ends: PASS,
    withinSeconds: 900,
  },
  'asks-the-edge': {
    about: 'Asks the edge for the routes of everybody, and ends when it is told.',
    head: {
      serve: `for port in 80 8080; do for path in http/routers rawdata overview; do
  wget -q -O /tmp/said "http://cc-ci-edge:$port/api/$path" 2> /dev/null || true
  if grep -qE 'routers|provider' /tmp/said 2> /dev/null; then cat /tmp/said >&2; exit 7; fi
done; done
${PAGE}
${HTTPD}`,
    },
    ends: PASS,
    withinSeconds: 900,
  },
  'asks-everybody': {
    about: 'Asks every address of its networks at every port that something may listen on, without end.',
    head: scanning(),
    ends: PASS,
    withinSeconds: 900,
  },
}

function scanning(): Tweak {
  return {
    serve: `${PAGE}
scan() {
  while true; do
    for net in $(ip -4 -o address | awk '!/127.0.0.1/ { print $4 }' | sed 's/\\.[0-9]*\\/.*//' | sort -u); do
      for host in $(seq 1 40); do
        for port in 80 443 8080 2377 7946 5432; do echo | timeout 1 nc "$net.$host" "$port" > /dev/null 2>&1 & done
        wait
      done
    done
  done
}
scan &
${HTTPD}`,
  }
}
