import { backupPlan } from '../../backup/labels.ts'
import type { Coverage } from '../../backup/plan.ts'
import { DATABASE_SERVERS } from '../../backup/witness/servers.ts'
import { httpExposure } from '../../checks/routed-services.ts'
import type { Release } from '../../deploy/deployer.ts'
import type { ResolvedStack } from '../../recipe/model.ts'
import { traefikConfigs } from '../../recipe/traefik/routers.ts'
import { coversPlace, placesOf, type RoutePlace } from '../../recipe/traefik/rule.ts'

/**
 * What a kind of loss means. `decides`: the upgrade fails, unless the recipe declares that it is meant. The others are findings of this
 * severity, because something else judges them (the witnesses what became of data) or because they may well be meant.
 */
export const LOSSES = {
  http: 'decides',
  route: 'decides',
  port: 'decides',
  backup: 'decides',
  rule: 'warning',
  coverage: 'warning',
  database: 'warning',
  volume: 'error',
} as const satisfies Record<string, 'decides' | 'warning' | 'error'>

export interface Loss {
  readonly kind: keyof typeof LOSSES
  /** As the setting `removed` names it: `route:DOMAIN/admin`, `port:8448/tcp`, `backup`. */
  readonly subject: string
  /** For a person, without "head" in it: "nothing leads to DOMAIN/admin any more". */
  readonly message: string
}

export function releaseSurface({ stack, app }: Release): ReleaseSurface {
  return { stack, domain: app.domain }
}

/** One release, as what it offers is read from. */
export interface ReleaseSurface {
  readonly stack: ResolvedStack
  /** Of the app: hosts are shown relative to it. */
  readonly domain: string
}

export interface PublishedPort {
  readonly service: string
  readonly target: number
  readonly published: number
  readonly protocol: string
}

/** What the base offers and head does not, by their files alone. */
export function lossesOf(base: ReleaseSurface, head: ReleaseSurface): Loss[] {
  return [
    ...routeLosses(base, head),
    ...portLosses(base.stack, head.stack),
    ...backupLosses(base.stack, head.stack),
    ...databaseLosses(base.stack, head.stack),
    ...volumeLosses(base.stack, head.stack),
  ]
}

/** The places that routers of a stack surely lead to, each once. */
export function servedPlaces({ stack }: ReleaseSurface): RoutePlace[] {
  const places = httpRules(stack).flatMap((rule) => placesOf(rule) ?? [])
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()]
}

/** `route:DOMAIN/admin`, the same in every run. */
export function routeSubject({ host, path }: RoutePlace, domain: string): string {
  return `route:${host === domain || host.endsWith(`.${domain}`) ? `${host.slice(0, -domain.length)}DOMAIN` : host}${path}`
}

export function portSubject({ published, protocol }: PublishedPort): string {
  return `port:${published}/${protocol}`
}

export function publishedPorts({ model }: ResolvedStack): PublishedPort[] {
  return Object.entries(model.services).flatMap(([service, { ports = [] }]) =>
    ports.flatMap(({ target, published, protocol }) =>
      published === undefined ? [] : [{ service, target, published: Number(published), protocol }],
    ),
  )
}

function httpRules(stack: ResolvedStack): string[] {
  return traefikConfigs(stack).flatMap(({ enabled, routers }) =>
    enabled ? routers.flatMap(({ protocol, rule }) => (protocol === 'http' && rule !== null ? [rule] : [])) : [],
  )
}

function routeLosses(base: ReleaseSurface, head: ReleaseSurface): Loss[] {
  if (httpExposure(base.stack).kind !== 'routed') return []
  if (httpExposure(head.stack).kind !== 'routed') {
    return [{ kind: 'http', subject: 'http', message: 'nothing is served over HTTP any more' }]
  }
  const now = servedPlaces(head)
  const rules = httpRules(head.stack)
  const unclear = rules.filter((rule) => placesOf(rule) === null)
  const gone = servedPlaces(base).filter(
    (place) =>
      !now.some((other) => coversPlace(other, place)) &&
      !unclear.some((rule) => rule.toLowerCase().includes(place.host)),
  )
  const unreadable = httpRules(base.stack).filter((rule) => placesOf(rule) === null && !rules.includes(rule))
  return [
    ...gone.map((place): Loss => {
      const subject = routeSubject(place, base.domain)
      return { kind: 'route', subject, message: `nothing leads to ${subject.slice('route:'.length)} any more` }
    }),
    ...unreadable.map((rule): Loss => {
      const shown = rule.replaceAll(base.domain, 'DOMAIN')
      return {
        kind: 'rule',
        subject: `rule:${shown}`,
        message: `the rule ${shown} is gone, and cc-ci cannot ask for what it led to`,
      }
    }),
  ]
}

function portLosses(base: ResolvedStack, head: ResolvedStack): Loss[] {
  const now = new Set(publishedPorts(head).map(portSubject))
  return publishedPorts(base)
    .filter((port) => !now.has(portSubject(port)))
    .map((port) => {
      const subject = portSubject(port)
      return {
        kind: 'port',
        subject,
        message: `port ${subject.slice('port:'.length)} of ${port.service} is not published any more`,
      }
    })
}

function backupLosses(base: ResolvedStack, head: ResolvedStack): Loss[] {
  const [before, now] = [backupPlan(base), backupPlan(head)]
  if (!before.capable) return []
  if (!now.capable) {
    if (now.volumes.length === 0) return []
    const left = now.volumes.map(({ volume }) => volume).join(', ')
    return [{ kind: 'backup', subject: 'backup', message: `${left} is not backed up any more: ${now.reason}` }]
  }
  return before.volumes.flatMap(({ volume, covered }): Loss[] => {
    const other = now.volumes.find((one) => one.volume === volume)?.covered
    return other && isLess(other, covered)
      ? [
          {
            kind: 'coverage',
            subject: `backup:${volume}`,
            message: `backups hold less of the volume ${volume} than before`,
          },
        ]
      : []
  })
}

function isLess(now: Coverage, before: Coverage): boolean {
  if (before.kind === 'none' || now.kind === 'all') return false
  if (now.kind === 'none' || before.kind === 'all') return true
  return before.paths.some((path) => !now.paths.some((one) => path === one || path.startsWith(`${one}/`)))
}

function databaseLosses(base: ResolvedStack, head: ResolvedStack): Loss[] {
  return DATABASE_SERVERS.flatMap((server) =>
    server
      .candidates(base)
      .filter((service) => head.model.services[service] === undefined)
      .map((service): Loss => {
        const message = `the ${server.title} server ${service} is gone: its data must have gone somewhere`
        return { kind: 'database', subject: `database:${service}`, message }
      }),
  )
}

function volumeLosses(base: ResolvedStack, head: ResolvedStack): Loss[] {
  const now = mountedVolumes(head)
  return [...mountedVolumes(base)]
    .filter((volume) => !now.has(volume))
    .map((volume) => ({
      kind: 'volume',
      subject: `volume:${volume}`,
      message: `no service mounts the volume ${volume} any more`,
    }))
}

/** Keys of the volumes of its own that some service mounts. */
export function mountedVolumes({ model }: ResolvedStack): Set<string> {
  const mounts = Object.values(model.services).flatMap(({ volumes = [] }) => volumes)
  return new Set(
    mounts.flatMap(({ type, source }) =>
      type === 'volume' && source && !model.volumes[source]?.external ? [source] : [],
    ),
  )
}
