import { isIPv6 } from 'node:net'
import type { Context } from 'hono'

/**
 * Who calls, to be told apart from others: of the socket, or, behind `proxies` of ours, what the outermost of them saw. The header
 * beyond that is what its sender likes. An IPv6 client is its network of 64 bits: one customer has all of it.
 */
export function clientAddress(c: Context, proxies: number): string {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  const seen = c.req.header('x-forwarded-for')?.split(',') ?? []
  const outermost = proxies > 0 ? seen.at(-proxies)?.trim() : undefined
  return network(outermost || (incoming?.socket?.remoteAddress ?? 'nowhere'))
}

function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address.slice(0, 64)
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const [first, last] = [groups(head), groups(tail)]
  const whole = [...first, ...Array(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last]
  return `${whole.slice(0, 4).map(short).join(':')}::/64`
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':')
}

function short(group: string): string {
  return group.replace(/^0+(?=.)/, '')
}
