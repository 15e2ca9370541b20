// cspell:ignore rtmp usersfile nosniff
import { OPERATORS_NAME } from './route-labels.ts'

/** Entry points of a Traefik in the tests, with their ports inside the container; `traefik` is where its API is. */
export const LISTENS = { web: 80, 'web-secure': 443, ssh: 2222, rtmp: 1935, traefik: 8080 } as const
export type EntryPoint = keyof typeof LISTENS

/** A Traefik as somebody runs it. */
export interface EdgeKind {
  readonly about: string
  /** Beside those that all have. */
  readonly args: readonly string[]
  /** What stands in its file, where its file provider looks. */
  readonly file?: string
  /** Where it answers itself: how its answers begin. Absent, or null: nobody has the request. */
  readonly own?: (entryPoint: EntryPoint, host: string) => RegExp | null
  /** Labels of containers are read, too. */
  readonly containers?: true
}

/** What an operator runs beside apps under test, by labels of its own. */
export const OPERATORS_APP = {
  stack: OPERATORS_NAME,
  domain: 'gitea.of-a-person.coop',
  labels: {
    [`traefik.http.routers.${OPERATORS_NAME}.rule`]: 'Host(`gitea.of-a-person.coop`)',
    [`traefik.http.routers.${OPERATORS_NAME}.entrypoints`]: 'web-secure',
    [`traefik.http.routers.${OPERATORS_NAME}.tls`]: 'true',
  },
} as const

const DASHBOARD = 'traefik.of-a-person.coop'

/** As Co-op Cloud's traefik recipe: a dashboard for the operator, middlewares in a file, more entry points, everything plain led to HTTPS. */
const COOP_CLOUD_FILE = `http:
  routers:
    traefik_of_a_person_coop:
      rule: Host(\`${DASHBOARD}\`)
      entryPoints: [web-secure]
      service: api@internal
      middlewares: [security]
      tls: {}
  middlewares:
    security:
      headers: { frameDeny: true, sslRedirect: true, browserXssFilter: true, contentTypeNosniff: true, stsSeconds: 31536000 }
    basicauth:
      basicAuth: { usersFile: /run/secrets/usersfile }
tls:
  options:
    default: { minVersion: VersionTLS12 }
`

/** A shop that is not in Docker, and a page for whatever nobody has. */
const FILE_FOR_ALL = `http:
  routers:
    shop: { rule: 'Host(\`shop.of-a-person.coop\`)', entryPoints: [web-secure], middlewares: [version], service: shop }
    nobody: { rule: 'PathPrefix(\`/\`)', entryPoints: [web, web-secure, ssh, rtmp], priority: 1, service: noop@internal }
  services:
    shop: { loadBalancer: { servers: [{ url: 'http://127.0.0.1:8080' }] } }
  middlewares:
    version: { replacePath: { path: /api/version } }
`

const SWARM = ['--providers.swarm=true', '--providers.swarm.refreshSeconds=1']
const ONLY_ASKED = '--providers.swarm.exposedByDefault=false'
const DOCKER = ['--providers.docker=true', '--providers.docker.exposedByDefault=false']
const FILE = '--providers.file.filename=/operator.yml'

const TLS_EVERYWHERE = '--entryPoints.web-secure.http.tls=true'

export const CC_CI: EdgeKind = { about: 'as the edge of cc-ci', args: [...SWARM, ONLY_ASKED, TLS_EVERYWHERE] }

/** Ways in which operators run the Traefik that CC_CI_EDGE names. */
export const OPERATOR_EDGES: readonly EdgeKind[] = [
  { about: 'with more entry points', args: [...SWARM, ONLY_ASKED, TLS_EVERYWHERE] },
  {
    about: 'as Co-op Cloud has it: dashboard, file, plain HTTP led to HTTPS, rules of version 2',
    args: [
      ...[...SWARM, ONLY_ASKED, FILE, '--api.dashboard=true', '--ping=true', '--ping.entryPoint=web'],
      '--core.defaultRuleSyntax=v2',
      ...['--entryPoints.web.http.redirections.entryPoint.to=web-secure'],
      ...['--entryPoints.web.http.redirections.entryPoint.scheme=https'],
      '--entryPoints.web-secure.http.middlewares=security@file',
    ],
    file: COOP_CLOUD_FILE,
    own: (entryPoint, host) =>
      entryPoint === 'web' ? /^30[18] / : host === DASHBOARD && entryPoint === 'web-secure' ? /^(?:302|404) / : null,
  },
  {
    about: 'that exposes everything, by a rule of its own, and has a file with a route for all',
    args: [
      ...[...SWARM, '--providers.swarm.exposedByDefault=true', FILE],
      '--providers.swarm.defaultRule=Host(`{{ normalize .Name }}.of-a-person.coop`)',
      ...['--entryPoints.ssh.asDefault=true', '--entryPoints.rtmp.asDefault=true'],
      TLS_EVERYWHERE,
    ],
    file: FILE_FOR_ALL,
    own: (entryPoint, host) =>
      host === 'shop.of-a-person.coop' && entryPoint === 'web-secure' ? /^200 .*Version/ : /^418 /,
  },
  {
    about: 'that reads labels of containers too',
    args: [...SWARM, ONLY_ASKED, ...DOCKER, '--entryPoints.web.asDefault=true'],
    containers: true,
  },
]

/** Hosts that are asked for beside those of other apps under test. */
export const OPERATORS_HOSTS = [DASHBOARD, 'nowhere.of-a-person.coop']
