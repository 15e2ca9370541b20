import type { ResolvedStack } from '../model.ts'

type Protocol = 'http' | 'tcp' | 'udp'

/** One router that labels of a service ask for. */
export interface Router {
  readonly protocol: Protocol
  readonly name: string
  /** Null without one, or with an empty one. */
  readonly rule: string | null
  /** What else it is given: `entrypoints`, `tls.certresolver`. */
  readonly options: readonly string[]
  /** Where it listens; empty: everywhere. */
  readonly entrypoints: readonly string[]
}

/** What one service asks of Traefik. */
export interface TraefikConfig {
  readonly service: string
  /** Of `traefik.enable`; null without that label. */
  readonly enabled: boolean | null
  /** Every label of Traefik's, in lower case. */
  readonly labels: ReadonlyMap<string, string>
  readonly routers: readonly Router[]
}

const OF_ROUTER = /^traefik\.(http|tcp|udp)\.routers\.([^.]+)\.(.+)$/

/** What each service of the stack asks of Traefik under `deploy.labels`; those that ask for nothing are left out. */
export function traefikConfigs(stack: ResolvedStack): TraefikConfig[] {
  return Object.entries(stack.model.services).flatMap(([service, { deploy }]) => {
    const labels = new Map(
      Object.entries(deploy?.labels ?? {}).flatMap(([key, value]) =>
        /^traefik\./i.test(key) ? [[key.toLowerCase(), String(value)] as const] : [],
      ),
    )
    if (labels.size === 0) return []
    const enable = labels.get('traefik.enable')?.trim().toLowerCase()
    return [{ service, enabled: enable === undefined ? null : enable === 'true', labels, routers: routersOf(labels) }]
  })
}

/** True for a router that leads somewhere: Traefik gives one without a rule a host name that nobody asks for. UDP knows no rules. */
export function isUsable({ protocol, rule }: Router): boolean {
  return protocol === 'udp' || rule !== null
}

/** Rules of the stack's routers that listen to HTTPS, those of the service `app` first. `web` is the plain HTTP of every Co-op Cloud proxy. */
export function httpsRules(stack: ResolvedStack): string[] {
  const configs = traefikConfigs(stack).filter(({ enabled }) => enabled)
  const routers = [...configs.filter(isMain), ...configs.filter((config) => !isMain(config))].flatMap(
    (config) => config.routers,
  )
  return routers.flatMap(({ protocol, rule, entrypoints }) => {
    const plain = entrypoints.length > 0 && entrypoints.every((name) => name === 'web')
    return protocol === 'http' && rule !== null && !plain ? [rule] : []
  })
}

function isMain({ service }: TraefikConfig): boolean {
  return service === 'app'
}

function routersOf(labels: ReadonlyMap<string, string>): Router[] {
  const found = new Map<string, Router & { rule: string | null; options: string[]; entrypoints: string[] }>()
  for (const [key, value] of labels) {
    const [, protocol, name = '', option = ''] = OF_ROUTER.exec(key) ?? []
    if (protocol === undefined) continue
    const id = `${protocol}.${name}`
    const router = found.get(id) ?? { protocol: protocol as Protocol, name, rule: null, options: [], entrypoints: [] }
    found.set(id, router)
    if (option !== 'rule') router.options.push(option)
    else if (value.trim() !== '') router.rule = value
    if (option === 'entrypoints') router.entrypoints = value.split(',').map((name) => name.trim())
  }
  return [...found.values()]
}
