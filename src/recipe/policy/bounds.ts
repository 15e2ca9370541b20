import { type LimitedCode, MOST_DEFAULTS, type PolicyLimits } from '../../verdict/policy-codes.ts'
import type { ComposeModel } from '../model.ts'
import type { PolicyProblem } from './policy.ts'

interface Item {
  readonly path: readonly string[]
  /** How many it is. */
  readonly count: number
}

const WORDS: Readonly<Record<LimitedCode, string>> = {
  services: 'services',
  replicas: 'replicas of all services',
  networks: 'networks',
  ports: 'ports of all services',
  secrets: 'secrets',
  configs: 'configs',
  volumes: 'volumes',
}

/** One problem for each kind that is more than may be, at the first that is too many. */
export function tooMany(model: ComposeModel, most: PolicyLimits): PolicyProblem[] {
  return (Object.keys(MOST_DEFAULTS) as LimitedCode[]).flatMap((kind) => {
    const limit = most[kind] ?? MOST_DEFAULTS[kind]
    let count = 0
    let first: readonly string[] | null = null
    for (const item of itemsOf(model, kind)) {
      count += item.count
      if (count > limit) first ??= item.path
    }
    if (first === null) return []
    const message = `the stack has ${count} ${WORDS[kind]}; one recipe may have ${limit} (\`policy.most.${kind}\`)`
    return [{ code: 'too-many', path: first, message }]
  })
}

function itemsOf(model: ComposeModel, kind: LimitedCode): Item[] {
  const services = Object.entries(model.services)
  if (kind === 'replicas')
    return services.map(([name, { deploy }]) => ({
      path: ['services', name, 'deploy', 'replicas'],
      count: deploy?.replicas ?? 1,
    }))
  if (kind === 'ports')
    return services.map(([name, { ports = [] }]) => ({ path: ['services', name, 'ports'], count: ports.length }))
  return Object.keys(model[kind]).map((name) => ({ path: [kind, name], count: 1 }))
}

/** Options of an overlay that concern its own packets alone; people write the last two for the one before, and they do nothing. */
const OWN_OPTIONS = ['encrypted', 'com.docker.network.driver.mtu', 'com.docker.network.mtu', 'mtu']

/** Networks that choose what the engine deals out to all runs: addresses, and the numbers that tell overlays apart. */
export function chosenAddresses(model: ComposeModel): PolicyProblem[] {
  return Object.entries(model.networks).flatMap(([key, network]) => {
    const { ipam = {}, driver_opts: options = {} } = network as {
      readonly ipam?: { readonly driver?: string; readonly config?: readonly { readonly subnet?: string }[] }
      readonly driver_opts?: Readonly<Record<string, unknown>>
    }
    const subnets = (ipam.config ?? []).flatMap(({ subnet }) => (subnet ? [subnet] : []))
    const driver = ipam.driver && ipam.driver !== 'default' ? [`the address driver ${ipam.driver}`] : []
    const foreign = Object.keys(options).filter((name) => !OWN_OPTIONS.includes(name))
    const requested: readonly [string, readonly string[]][] = [
      ['ipam', [...subnets, ...driver]],
      ['driver_opts', foreign],
    ]
    return requested.flatMap(([part, what]) => {
      if (what.length === 0) return []
      const message = `network ${key} chooses what all apps of this machine share: ${what.join(', ')}. Leave it out: the engine gives each network addresses of its own`
      return [{ code: 'network-address' as const, path: ['networks', key, part], message }]
    })
  })
}
