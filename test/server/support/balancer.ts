import { type Relay, startRelay } from './relay.ts'

/** In front of several servers: each request to the next of `servers` that takes connections, 503 where none does. */
export interface Balancer extends AsyncDisposable {
  readonly url: string
  /** Addresses; may be changed at any time. */
  servers: readonly string[]
  /** How many requests each address got. */
  readonly counts: Map<string, number>
}

export async function startBalancer(): Promise<Balancer> {
  let turn = 0
  const counts = new Map<string, number>()
  const relay: Relay = await startRelay((_, tried) => {
    const able = balancer.servers.filter((one) => !tried.includes(one))
    const to = able[turn++ % able.length]
    if (to === undefined) return { status: 503 }
    counts.set(to, (counts.get(to) ?? 0) + 1)
    return { to }
  })
  const balancer: Balancer = {
    url: relay.url,
    servers: [],
    counts,
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
  return balancer
}
