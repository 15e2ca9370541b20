import { isIP } from 'node:net'
import type { SwarmNode } from '../engine/nodes/swarm-nodes.ts'
import type { ComposeModel, ComposeService } from '../recipe/model.ts'
import { requestedMemory } from './run-memory.ts'

/** The node that a run's app is bound to, in a Swarm of several. */
export interface Pin {
  readonly id: string
  readonly hostname: string
  readonly size: NodeSize
}

/** What a node has in all. */
export interface NodeSize {
  readonly memoryBytes: number
  readonly processors: number
}

/** What a service without a limit is taken to need, when nodes are compared. */
const UNSAID_BYTES = 512 * 1024 ** 2

/** The constraints of the services that a node does not meet: `db: node.labels.disk==ssd`. Empty: it can run all of them. */
export function unmetConstraints({ services }: ComposeModel, node: SwarmNode): string[] {
  return Object.entries(services).flatMap(([service, compose]) =>
    constraintsOf(compose).flatMap((constraint) => (meets(node, constraint) ? [] : [`${service}: ${constraint}`])),
  )
}

/** What the containers of the app may use together, as far as its files say: limits, else reservations, else 512 MiB each. */
export function declaredMemory({ services }: ComposeModel, settingBytes: number | null): number {
  return Object.values(services).reduce((sum, service) => {
    const { bytes, containers } = requestedMemory(service, settingBytes)
    return sum + (bytes ?? UNSAID_BYTES) * containers
  }, 0)
}

/** The service with one more constraint, so that no task of it is where nobody looks. */
export function pinned(name: string, service: ComposeService, pin: Pin, accommodations: string[]): ComposeService {
  accommodations.push(`service ${name}: bound to node ${pin.hostname}, where this run looks at all tasks of the app`)
  const { deploy = {} } = service
  const placement = (deploy as { readonly placement?: object }).placement ?? {}
  const constraints = [...constraintsOf(service), `node.id==${pin.id}`]
  return { ...service, deploy: { ...deploy, placement: { ...placement, constraints } } }
}

function constraintsOf({ deploy }: ComposeService): readonly string[] {
  const { placement } = (deploy ?? {}) as { readonly placement?: { readonly constraints?: readonly unknown[] } }
  return (placement?.constraints ?? []).map(String)
}

/** Names and values compare as the scheduler does: whatever their case, and a label that is not there is empty. Source: moby/swarmkit, manager/constraint. */
export function meets(node: SwarmNode, constraint: string): boolean {
  const [, key = '', operator, wanted = ''] = /^\s*([\w.\-/]+)\s*(==|!=)\s*(.*?)\s*$/.exec(constraint) ?? []
  const found = factOf(node, key)
  // What cannot be read here is left to the scheduler, which says so.
  if (operator === undefined || found === undefined) return true
  const same = key.toLowerCase() === 'node.ip' ? isAddressIn(found, wanted) : equal(found, wanted)
  return same === (operator === '==')
}

function factOf(node: SwarmNode, key: string): string | undefined {
  const lower = key.toLowerCase()
  const label = (prefix: string, labels: Readonly<Record<string, string>>) =>
    lower.startsWith(prefix) ? (labels[key.slice(prefix.length)] ?? '') : undefined
  const facts: Readonly<Record<string, string>> = {
    'node.id': node.id,
    'node.hostname': node.hostname,
    'node.role': node.role,
    'node.platform.os': node.platform.os,
    'node.platform.arch': architecture(node.platform.arch),
    'node.ip': node.address,
  }
  return facts[lower] ?? label('node.labels.', node.labels) ?? label('engine.labels.', node.engineLabels)
}

function equal(found: string, wanted: string): boolean {
  return found.toLowerCase() === wanted.toLowerCase() || architecture(wanted) === found
}

function architecture(name: string): string {
  return { x86_64: 'amd64', aarch64: 'arm64' }[name.toLowerCase()] ?? name
}

function isAddressIn(address: string, wanted: string): boolean {
  const [network = '', bits] = wanted.split('/')
  if (bits === undefined || isIP(address) !== 4 || isIP(network) !== 4) return address === wanted
  const mask = Number(bits) === 0 ? 0 : (~0 << (32 - Number(bits))) >>> 0
  return (numberOf(address) & mask) >>> 0 === (numberOf(network) & mask) >>> 0
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => (sum * 256 + Number(part)) >>> 0, 0)
}
