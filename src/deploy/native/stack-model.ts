import type { ComposeModel, ComposeService } from '../../recipe/model.ts'
import type { PreparedRelease, Release } from '../deployer.ts'
import { type Pin, pinned as pinnedTo } from '../placement.ts'
import { withAuthority } from './authority.ts'
import { exposeAppEnv } from './expose-env.ts'
import { withHealthPauses } from './health-pauses.ts'
import { withLimits } from './limits.ts'
import { withLogLimits } from './log-limits.ts'
import { withMemoryVolumes } from './memory-volumes.ts'
import { withoutRawSockets } from './raw-sockets.ts'
import { withoutReservations } from './reservations.ts'

export interface StackModel {
  readonly model: ComposeModel
  readonly accommodations: readonly string[]
}

export interface StackModelOptions {
  /** Whether virtual addresses carry traffic here. */
  readonly vips: boolean
  /** The node that every task has to be on. Default: Swarm decides. */
  readonly pin?: Pin | null
  /** The operators' client adds its labels and variables itself. Default: they are added here. */
  readonly byClient?: boolean
}

/** The release's model as it is given to the engine: images pinned, labels of the operators' client, fitted to the machine. */
export function stackModel(prepared: PreparedRelease, options: StackModelOptions): StackModel {
  const { release, images } = prepared
  const accommodations: string[] = []
  const services = Object.entries(release.stack.model.services).map(([name, service]) => {
    const image = images.get(name)
    const pinned = { ...withoutOurs(service), image: image?.pinned ?? service.image }
    const calm = withHealthPauses(name, pinned, image, accommodations)
    const isLabelled = name === 'app' && !options.byClient
    const labelled = isLabelled ? withLabels(exposeAppEnv(calm, release.env), release) : calm
    const unreserved = withoutReservations(name, labelled, accommodations, options.pin?.size)
    const limited = withLimits(name, unreserved, release, accommodations)
    const bounded = withLogLimits(name, limited, release.added.logBytes, accommodations)
    const walled = withoutRawSockets(name, bounded, release.added.rawSockets, accommodations)
    const reached = options.vips ? walled : withoutVip(name, walled, accommodations)
    return [name, options.pin ? pinnedTo(name, reached, options.pin, accommodations) : reached] as const
  })
  const { model: requested } = release.stack
  const volumes = withMemoryVolumes(requested, release.added.run?.mostBytes ?? null, accommodations)
  const model = { ...requested, services: Object.fromEntries(services), volumes }
  return { model: withAuthority(model, release, accommodations), accommodations }
}

/** The docker CLI gives a variable without a value the one of its own environment, which is that of this machine. */
function withoutOurs(service: ComposeService): ComposeService {
  if (!service.environment) return service
  const environment = Object.entries(service.environment).filter(([, value]) => value !== null)
  return { ...service, environment: Object.fromEntries(environment) }
}

/** What the operators' client calls the commit of a deployment without a version: 8 characters, `+U` when files were changed. */
function chaosVersion({ commit, dirty }: Pick<Release, 'commit' | 'dirty'>): string {
  return `${commit.slice(0, 8)}${dirty ? '+U' : ''}`
}

function withLabels(service: ComposeService, release: Release): ComposeService {
  const { app, chaos, version, env } = release
  const prefix = `coop-cloud.${app.stack}`
  const own = service.deploy?.labels ?? {}
  const timeout = own[`${prefix}.timeout`] ?? env.get('TIMEOUT')
  const labels = {
    ...own,
    [`${prefix}.recipe`]: app.recipe,
    [`${prefix}.chaos`]: String(chaos),
    ...(version === null ? {} : { [`${prefix}.version`]: version }),
    ...(chaos ? { [`${prefix}.chaos-version`]: chaosVersion(release) } : {}),
    ...(timeout === undefined ? {} : { [`${prefix}.timeout`]: timeout }),
  }
  return { ...service, deploy: { ...service.deploy, labels } }
}

/** Without IPVS a virtual address carries nothing: names resolve to the tasks, and ports are bound on the host. */
function withoutVip(name: string, service: ComposeService, accommodations: string[]): ComposeService {
  const { ports = [], deploy = {} } = service
  const ingress = ports.filter(({ mode }) => mode !== 'host')
  if (ingress.length > 0) {
    const shown = ingress.map(({ published, target }) => published ?? target).join(', ')
    accommodations.push(
      `service ${name}: ingress ports ${shown} bound on the host, because virtual addresses carry no traffic here`,
    )
  }
  if (deploy.endpoint_mode !== 'dnsrr') {
    accommodations.push(`service ${name}: endpoint_mode dnsrr, because virtual addresses carry no traffic here`)
  }
  const update = ingress.length > 0 ? stopFirst(name, deploy, accommodations) : {}
  return {
    ...service,
    ...(ports.length > 0 ? { ports: ports.map((port) => ({ ...port, mode: 'host' as const })) } : {}),
    deploy: { ...deploy, ...update, endpoint_mode: 'dnsrr' },
  }
}

/** Two tasks cannot hold one port of the host: a new task that is to start first would wait forever. */
function stopFirst(name: string, deploy: object, accommodations: string[]): object {
  const configs = Object.entries(deploy).filter(
    ([key, config]) => /^(update|rollback)_config$/.test(key) && config?.order === 'start-first',
  )
  if (configs.length === 0) return {}
  accommodations.push(`service ${name}: updated with order stop-first, because its ports are bound on the host here`)
  return Object.fromEntries(configs.map(([key, config]) => [key, { ...config, order: 'stop-first' }]))
}
