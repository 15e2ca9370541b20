import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { InfraError } from '../lib/errors.ts'

/**
 * Below the ports that kernels give to outgoing connections: nobody takes one of the edge's by chance while it is away for a moment. The last is not
 * among them.
 */
export const PORT_RANGE = [20_000, 32_000] as const

const TRIES = 200

/** So many ports of loopback on which nobody listens now. Throws InfraError `no-port` where nearly all are taken. */
export async function freePorts(
  count: number,
  range: readonly [first: number, end: number] = PORT_RANGE,
): Promise<number[]> {
  const found = new Set<number>()
  for (let tries = 0; tries < TRIES && found.size < count; tries += 1) {
    const port = randomInt(...range)
    if (await isFree(port)) found.add(port)
  }
  if (found.size === count) return [...found]
  throw new InfraError('no-port', `no ${count} free ports between ${range.join(' and ')}`, {
    hint: 'See what listens there.',
  })
}

/** True for what Docker says when somebody has taken a port since. */
export function isTakenPort(error: unknown): boolean {
  return /port is already allocated|address already in use/i.test(error instanceof Error ? error.message : '')
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
