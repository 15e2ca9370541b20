import { stringify } from 'yaml'
import type { LibraryRelease } from '../images/library.ts'
import { filesStep, type RecipeStep } from './recipe-step.ts'

/** What the shell of a service runs: takes its page from the image to the volume at the first start, and serves it from there. */
export const SERVE =
  "trap 'exit 0' TERM; [ -s /data/index.html ] || cp /www/index.html /data/index.html; httpd -p 8080 -h /data; while :; do sleep 1 & wait $!; done"
/** The same without a word for SIGTERM: what follows it says how it ends. */
export const UP = 'cp /www/index.html /data/; httpd -p 8080 -h /data'
/** A health check that looks at nothing. */
export const TRUE = ['CMD', '/bin/true']
const ASKS_ITSELF = ['CMD', '/bin/wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/']

/** What a service of the library says other than it usually does. */
export interface ServiceWords {
  /** For `sh -c`; not yet escaped for compose. */
  readonly run?: string
  /** Null: none. */
  readonly health?: readonly string[] | null
  readonly startPeriod?: string
  readonly restart?: Readonly<Record<string, unknown>>
  /** Null: none. */
  readonly update?: Readonly<Record<string, unknown>> | null
  /** `{release}` stands for its number. */
  readonly image?: string
  /** Null: nothing routes to it, and nothing of it is backed up. */
  readonly route?: Route | null
  readonly networks?: readonly string[]
  /** As in compose: `name:/path`. */
  readonly volumes?: readonly string[]
  /** Merged into `deploy`. */
  readonly deploy?: Readonly<Record<string, unknown>>
  /** Further labels of the service. */
  readonly labels?: readonly string[]
  /** Further keys of the service. */
  readonly keys?: Readonly<Record<string, unknown>>
}

interface Route {
  readonly host?: string
  readonly port?: number
  /** The kind of the label that holds the rule, as Traefik spells it. */
  readonly kind?: string
}

type ServiceOf = (release: LibraryRelease) => ServiceWords | null

/** How the two releases of a library differ from a healthy one. */
export interface Library {
  /** The service `app` in both releases, in the first, in the second; the later word counts. */
  readonly app?: ServiceWords
  readonly first?: ServiceWords
  readonly second?: ServiceWords
  /** Further services; null: not in this release. */
  readonly beside?: Readonly<Record<string, ServiceOf>>
  /** False: the first release was never made. */
  readonly released?: boolean
  /** The version label of both. Default: that of each release. */
  readonly label?: string
}

/**
 * A second recipe, as other people write them: no settings of cc-ci, everything by default, a shell that serves a page from a volume, and
 * long labels. Release 1.0.0+1.0.0 and a head that nobody released.
 */
export function library(changes: Library = {}): (name: string) => RecipeStep[] {
  return (name) => {
    const first = filesStep('1.0.0+1.0.0', '', files(name, 1, changes))
    const head = filesStep(null, 'feat: the next harvest', files(name, 2, changes))
    return changes.released === false ? [head] : [first, head]
  }
}

function files(name: string, release: LibraryRelease, changes: Library): Record<string, string> {
  return {
    'compose.yml': stringify(compose(release, changes), { aliasDuplicateObjects: false, lineWidth: 0 }),
    '.env.sample': `TYPE=${name}\n\nDOMAIN=${name}.example.com\nLETS_ENCRYPT_ENV=production\nCOMPOSE_FILE="compose.yml"\n`,
    'abra.sh': '#!/bin/bash\n',
    'README.md': readme(name),
    [`release/${version(release)}`]: 'Notes.\n',
  }
}

function compose(release: LibraryRelease, { app, first, second, beside = {}, label }: Library) {
  const own = { ...app, ...(release === 1 ? first : second) }
  const named = { route: {}, volumes: ['shelf:/data'], ...own, label: label ?? version(release) }
  const others = Object.entries(beside).flatMap(([name, of]) => {
    const words = of(release)
    return words ? [[name, service(release, words)] as const] : []
  })
  const services = { app: service(release, named), ...Object.fromEntries(others) }
  const networks = new Set(Object.values(services).flatMap((one) => one.networks))
  const volumes = new Set(
    Object.values(services).flatMap((one) => one.volumes.map((mount) => mount.split(':')[0] ?? '')),
  )
  return {
    version: '3.8',
    services,
    networks: Object.fromEntries([...networks].sort().map((net) => [net, net === 'proxy' ? { external: true } : {}])),
    volumes: Object.fromEntries([...volumes].sort().map((volume) => [volume, {}])),
  }
}

function service(release: LibraryRelease, words: ServiceWords & { readonly label?: string }) {
  const { run = SERVE, health = ASKS_ITSELF, startPeriod = '20s', restart = { condition: 'any' }, route = null } = words
  const { update = { order: 'stop-first', failure_action: 'pause', monitor: '2s' }, networks = ['proxy'] } = words
  const { image = 'cc-ci-fixtures/library:{release}', volumes = [], labels = [], label } = words
  return {
    image: image.replace('{release}', String(release)),
    command: ['/bin/sh', '-c', run.replaceAll('$', '$$$$')],
    networks,
    volumes,
    ...(health
      ? { healthcheck: { test: health, interval: '1s', timeout: '2s', retries: 3, start_period: startPeriod } }
      : {}),
    deploy: {
      restart_policy: restart,
      ...(update ? { update_config: update } : {}),
      labels: [
        ...(label ? [`coop-cloud.\${STACK_NAME}.version=${label}`] : []),
        ...(label && volumes.length > 0 ? ['backupbot.backup=true'] : []),
        ...(route ? routeLabels(route) : []),
        ...labels,
      ],
      ...words.deploy,
    },
    ...words.keys,
  }
}

function routeLabels({ host = '${DOMAIN}', port = 8080, kind = 'routers' }: Route): string[] {
  return [
    'traefik.enable=true',
    `traefik.http.services.\${STACK_NAME}.loadbalancer.server.port=${port}`,
    `traefik.http.${kind}.\${STACK_NAME}.rule=Host(\`${host}\`)`,
    'traefik.http.routers.${STACK_NAME}.entrypoints=web-secure',
    'traefik.http.routers.${STACK_NAME}.tls.certresolver=${LETS_ENCRYPT_ENV}',
  ]
}

/** Labels of a second router, at a host of its own. */
export function secondHost(host: string, port: number): string[] {
  const name = '${STACK_NAME}-second'
  return [
    'traefik.enable=true',
    `traefik.http.services.${name}.loadbalancer.server.port=${port}`,
    `traefik.http.routers.${name}.rule=Host(\`${host}\`)`,
    `traefik.http.routers.${name}.entrypoints=web-secure`,
    `traefik.http.routers.${name}.tls=true`,
  ]
}

/** A further service without route, volume or health check, which runs this. */
export function helper(run: string, condition = 'any', more: ServiceWords = {}): ServiceWords {
  return { run, health: null, restart: { condition, delay: '1s' }, ...more }
}

function version(release: LibraryRelease): string {
  return `${release}.0.0+${release}.0.0`
}

function readme(name: string): string {
  const rows = {
    Category: 'Apps',
    Status: '3, stable',
    Image: '[`library`](https://example.org), 4, upstream',
    Healthcheck: 'Yes',
    Backups: 'Yes',
    Email: 'N/A',
    Tests: '2',
    SSO: 'N/A',
  }
  const list = Object.entries(rows).map(([key, value]) => `* **${key}**: ${value}`)
  return `# ${name}\n\n<!-- metadata -->\n\n${list.join('\n')}\n\n<!-- endmetadata -->\n`
}
