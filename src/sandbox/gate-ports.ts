import type { SandboxOptions } from './contract.ts'

/** A port that a service of the app publishes, and that the code in the sandbox reaches under the app's domain, as people would. */
export interface GatePort {
  readonly service: string
  /** Where the service listens. */
  readonly target: number
  readonly published: number
  readonly protocol: 'tcp' | 'udp'
}

type Ports = Pick<SandboxOptions, 'stack' | 'ports'>

/** The gate has these for HTTP. */
const OWN = [80, 443]

/** An entry point of the gate for each port, on which no router of HTTP stands. */
export function portArguments({ ports }: Ports): string[] {
  const points = portsOf(ports).map(({ published, protocol }) => {
    const suffix = protocol === 'udp' ? '/udp' : ''
    return `--entryPoints.${nameOf({ published, protocol })}.address=:${published}${suffix}`
  })
  return points.length === 0
    ? []
    : ['--entryPoints.web.asDefault=true', '--entryPoints.web-secure.asDefault=true', ...points]
}

/** Where each leads: to whichever task of its service runs, asked for by name at each connection. JSON, which is YAML too. */
export function portRoutes({ stack, ports }: Ports): string {
  const known = portsOf(ports)
  const of = (protocol: GatePort['protocol'], rule: object) => {
    const mine = known.filter((port) => port.protocol === protocol)
    if (mine.length === 0) return {}
    const server = ({ service, target }: GatePort) => ({ address: `tasks.${stack}_${service}:${target}` })
    const routers = mine.map((port) => [nameOf(port), { entryPoints: [nameOf(port)], service: nameOf(port), ...rule }])
    const services = mine.map((port) => [nameOf(port), { loadBalancer: { servers: [server(port)] } }])
    return { [protocol]: { routers: Object.fromEntries(routers), services: Object.fromEntries(services) } }
  }
  return `${JSON.stringify({ ...of('tcp', { rule: 'HostSNI(`*`)' }), ...of('udp', {}) })}\n`
}

function portsOf(ports: readonly GatePort[]): GatePort[] {
  const others = ports.filter(({ published, protocol }) => protocol === 'udp' || !OWN.includes(published))
  return [...new Map(others.map((port) => [nameOf(port), port])).values()]
}

function nameOf({ published, protocol }: Pick<GatePort, 'published' | 'protocol'>): string {
  return `port-${published}-${protocol}`
}
