import type { DataMap } from './source.ts'

/** `[[ip:]published:]target[/protocol]` with ranges, in its long forms; a text is what is wrong with it. */
export function parsePort(spec: string): DataMap[] | string {
  const match = /^(?:(?:(\[[^\]]*\]|[^:]*):)?([\d-]*):)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(spec)
  if (!match?.[3]) return `"${spec}" is not a port such as 80, 8080:80 or 8080:80/udp`
  const [, address, published, target, protocol = 'tcp'] = match
  if (!/^(tcp|udp|sctp)$/i.test(protocol)) return `"${spec}" has the protocol ${protocol}; known are tcp, udp and sctp`
  const targets = range(target)
  const sources = published ? range(published) : undefined
  if (!targets || (published && !sources))
    return `"${spec}" has a port outside 0 to 65535, or a range that runs backwards`
  if (sources && sources.length !== targets.length) {
    if (targets.length !== 1) return `"${spec}" has ranges of different lengths`
    return `"${spec}" maps several ports to one`
  }
  if (address !== undefined && address !== '') return `"${spec}" binds to an address, which Swarm cannot`
  return targets.map((port, i) => ({
    mode: 'ingress',
    target: port,
    ...(sources ? { published: sources[i] ?? port } : {}),
    protocol: protocol.toLowerCase(),
  }))
}

function range(text: string): number[] | undefined {
  const [from = Number.NaN, to = from] = text.split('-').map(Number)
  if (!(from >= 0 && to >= from && to <= 65535)) return undefined
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}
