import type { ObservedTask } from './snapshot.ts'

/** Linux takes the local ports of outgoing connections from these, unless `net.ipv4.ip_local_port_range` says otherwise. */
const FIRST = 32_768
const LAST = 60_999
/** So long a connection that has ended keeps its port (the state TIME-WAIT of TCP; its length is fixed in Linux). Nothing can listen on it meanwhile. */
const TIME_WAIT_MS = 60_000

/**
 * The port of these refused tasks, oldest first, when it is one that any connection of the engine's machine may have by chance; null otherwise.
 * `mayPass`: it was refused for less than a minute so far, so what holds it may be a connection that ended long ago.
 */
export function outgoingPort(
  refused: readonly ObservedTask[],
): { readonly port: number; readonly mayPass: boolean } | null {
  const [first, last] = [refused.at(0), refused.at(-1)]
  if (!first || !last) return null
  const port = portOf(last.error)
  if (port === null || port < FIRST || port > LAST) return null
  return { port, mayPass: Date.parse(last.since) - Date.parse(first.since) < TIME_WAIT_MS }
}

export function hintOf(port: number): string {
  const range = `${FIRST} to ${LAST}, net.ipv4.ip_local_port_range`
  return `Stop what holds port ${port}. It is one of those that the machine uses for connections of its own (${range}): publish another, or name it in net.ipv4.ip_local_reserved_ports.`
}

/** "listen tcp4 0.0.0.0:40000: bind: address already in use"; where another container holds it, the engine says "already allocated". */
function portOf(error: string): number | null {
  const port = /(?:\d|\]):(\d+)\b.*address already in use/i.exec(error)?.[1]
  return port === undefined ? null : Number(port)
}
