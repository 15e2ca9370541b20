import { routedServices } from '../checks/routed-services.ts'
import type { ComposeService, ResolvedStack } from '../recipe/model.ts'
import { frontPath, leadsTo } from '../recipe/traefik/front-path.ts'
import { httpsRules } from '../recipe/traefik/routers.ts'

/** What the files of a recipe say that settings and a first test can use. */
export interface RecipeFacts {
  /** The service that the proxy leads to; null when it leads to none. */
  readonly routed: string | null
  /** Where the routers lead. */
  readonly frontPath: string
  /** Null when nothing names another. */
  readonly healthPath: { readonly path: string; readonly from: string } | null
  /** Seconds, from the label that operators' tools wait by; null without it. */
  readonly deploySeconds: number | null
  readonly databases: readonly DatabaseProbe[]
}

/** A question that a database answers from inside its own container. */
export interface DatabaseProbe {
  readonly service: string
  readonly argv: readonly string[]
  readonly answer: string
}

const LOCAL_URL = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(\/[\w.~%/-]+)/

export function factsOf(stack: ResolvedStack, domain: string): RecipeFacts {
  const { services } = stack.model
  const [route] = routedServices(stack, domain)
  const rules = httpsRules(stack)
  const found = route ? healthPathOf(route.service, services[route.service] ?? {}, route.port) : null
  return {
    routed: route?.service ?? null,
    frontPath: frontPath(rules, domain),
    // What the app answers inside is nothing to ask for where no router leads there.
    healthPath: found && leadsTo(rules, { host: domain, path: found.path }) !== false ? found : null,
    deploySeconds: deploySecondsOf(services),
    databases: Object.entries(services).flatMap(([service, spec]) => databaseOf(service, spec)),
  }
}

function healthPathOf(service: string, spec: ComposeService, port: number | null): RecipeFacts['healthPath'] {
  const label = Object.entries(labelsOf(spec)).find(([key]) => /\.loadbalancer\.healthcheck\.path$/i.test(key))?.[1]
  if (label?.startsWith('/')) return { path: label, from: `the label of ${service}` }
  const healthTest = spec.healthcheck?.test
  const command = Array.isArray(healthTest) ? healthTest.join(' ') : String(healthTest ?? '')
  const [, testedPort, path] = LOCAL_URL.exec(command) ?? []
  // Another port is another server: not what the proxy leads to.
  if (path === undefined || (port !== null && testedPort !== undefined && Number(testedPort) !== port)) return null
  return { path, from: `the healthcheck of ${service}` }
}

function deploySecondsOf(services: ResolvedStack['model']['services']): number | null {
  const labels = Object.values(services).flatMap((spec) => Object.entries(labelsOf(spec)))
  const value = Number(labels.find(([key]) => /^coop-cloud\..+\.timeout$/.test(key))?.[1])
  return Number.isInteger(value) && value > 0 ? value : null
}

function databaseOf(service: string, spec: ComposeService): DatabaseProbe[] {
  const image = (spec.image ?? '').split('@')[0]?.split('/').at(-1) ?? ''
  if (/^(postgres|postgis|pgvector|timescaledb|pgautoupgrade)\b/.test(image)) {
    const user = variable(spec, 'POSTGRES_USER') ?? 'postgres'
    const database = variable(spec, 'POSTGRES_DB') ?? user
    return [{ service, argv: ['psql', '-U', user, '-d', database, '-tAc', 'select 1'], answer: '1' }]
  }
  if (/^mariadb\b/.test(image)) return [{ service, argv: ['mariadb-admin', 'ping'], answer: 'is alive' }]
  if (/^mysql\b/.test(image)) return [{ service, argv: ['mysqladmin', 'ping'], answer: 'is alive' }]
  const open = !String(spec.command ?? '').includes('requirepass')
  if (/^(redis|valkey)\b/.test(image) && open) return [{ service, argv: ['redis-cli', 'ping'], answer: 'PONG' }]
  return []
}

function labelsOf({ deploy }: ComposeService): Readonly<Record<string, string>> {
  return deploy?.labels ?? {}
}

function variable({ environment }: ComposeService, name: string): string | undefined {
  return environment?.[name] || undefined
}
