import { isIP } from 'node:net'
import type { DataMap } from './source.ts'

/** There are no more numbers than this, and each of a range becomes an entry of its own. */
export const MOST_PORTS = 65_536

interface Publishing {
  readonly ports: DataMap[]
  /** What the port was to be bound to. Swarm binds to every address of the machine. */
  readonly address: string
}

/** `[[address:]published:]target[/protocol]` with ranges, in its long forms; a text is what is wrong with it. */
export function parsePort(spec: string): Publishing | string {
  const parts = spec.split(':')
  const [target = '', protocol] = parts.pop()?.split('/') ?? []
  const published = parts.pop() ?? ''
  const address = parts.join(':').replace(/^\[(.*)\]$/, '$1')
  if (!/^[\d-]+$/.test(target) || !/^[\d-]*$/.test(published))
    return `"${spec}" is not a port such as 80, 8080:80 or 8080:80/udp`
  if (address && !isIP(address)) return `"${spec}" names an address that is none: ${address}`
  if (protocol && !/^(tcp|udp|sctp)$/i.test(protocol))
    return `"${spec}" has the protocol ${protocol}; known are tcp, udp and sctp`
  const targets = range(target)
  const sources = published ? range(published) : [undefined]
  if (!targets || !sources) return `"${spec}" has a port outside 0 to 65535, or a range that runs backwards`
  if (published && targets.length > 1 && sources.length !== targets.length)
    return `"${spec}" has ranges of different lengths`
  const pairs =
    targets.length === 1 ? sources.map((from) => [from, targets[0]]) : targets.map((to, i) => [sources[i], to])
  const ports = pairs.map(([from, to = 0]) => ({
    mode: 'ingress',
    target: to,
    ...(from === undefined ? {} : { published: from }),
    protocol: protocol?.toLowerCase() || 'tcp',
  }))
  return { ports, address }
}

function range(text: string): number[] | undefined {
  const [from = '', to = from, ...more] = text.split('-')
  if (!from || !to || more.length > 0 || !(Number(to) >= Number(from) && Number(to) <= 65535)) return undefined
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i)
}
