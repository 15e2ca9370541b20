import type { Route } from '../edge/routes.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { ListeningPort } from './listening-ports.ts'
import { hostOf, type ServingTask } from './serving-task.ts'

/** See `listeningPorts`, of the container with this id. */
export type ListPorts = (container: string, signal: AbortSignal) => Promise<readonly ListeningPort[] | null>

export interface ClosedPort {
  readonly cause: Cause
  /** True: the container says of itself that it is up, and others can reach another port of it. It will not open this one. */
  readonly final: boolean
}

export interface DialledServers {
  /** The routers that lead there, with the servers that the proxy dials. */
  readonly routes: readonly Route[]
  readonly tasks: readonly ServingTask[]
  /** What was seen so far. */
  readonly lines: readonly string[]
}

/** Looks which ports are open where the proxy finds nobody. Null when the port is open, or cannot be looked at. */
export async function closedPort(
  { routes, tasks, lines }: DialledServers,
  look: ListPorts,
  signal: AbortSignal,
): Promise<ClosedPort | null> {
  for (const server of new Set(routes.flatMap((route) => route.servers))) {
    const task = tasks.find(({ addresses }) => addresses.includes(hostOf(server)))
    const port = portOf(server)
    const listening = task && port !== null ? await look(task.container, signal) : null
    if (!task || port === null || listening === null) continue
    const closed = judgePort({ task, port, listening, lines })
    if (closed) return closed
  }
  return null
}

export function judgePort(seen: {
  readonly task: ServingTask
  readonly port: number
  readonly listening: readonly ListeningPort[]
  readonly lines: readonly string[]
}): ClosedPort | null {
  const { task, port, listening, lines } = seen
  const { service, healthy } = task
  const own = listening.find((one) => one.port === port)
  if (own && !own.loopback) return null
  const others = listening.filter((one) => !one.loopback).map((one) => one.port)
  const listens = own
    ? `${service} listens on port ${port} for itself alone (127.0.0.1)`
    : `nothing listens on port ${port} of ${service}, where the proxy asks`
  const instead = others.length > 0 ? `; open there: ${others.join(', ')}` : own ? '' : '; no port is open there'
  const hint = own
    ? `Have ${service} listen on 0.0.0.0:${port}.`
    : `Write the port that ${service} listens on into \`traefik.http.services.<name>.loadbalancer.server.port\`, or have it listen on ${port}.`
  return {
    cause: cause('http-not-serving', listens + instead, { service, hint, lines }),
    final: healthy && (others.length > 0 || own !== undefined),
  }
}

function portOf(server: string): number | null {
  if (!URL.canParse(server)) return null
  const { port, protocol } = new URL(server)
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}
