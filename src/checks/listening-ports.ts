import { type Engine, RUN_LABEL } from '../engine/client.ts'
import { randomId } from '../lib/ids.ts'

/** A port that somebody listens on, inside a container's own network. */
export interface ListeningPort {
  readonly port: number
  /** Only the container itself gets there: 127.0.0.1 or ::1. */
  readonly loopback: boolean
}

export interface PortsQuery {
  readonly engine: Engine
  readonly runId: string
  readonly stack: string
  /** Id of the container. */
  readonly container: string
  /** Default: TCP. */
  readonly protocol?: 'tcp' | 'udp'
  readonly toolboxImage: string
  readonly signal: AbortSignal
}

const DEADLINE_MS = 15_000
/** A kernel without IPv6 has no second table. */
const TABLES = 'cat "/proc/net/$0"; cat "/proc/net/$0"6 2>/dev/null || true'
/** The kernel's number for a socket that takes from anybody: LISTEN for TCP, unconnected for UDP. */
const OPEN = { tcp: '0A', udp: '07' } as const

/** Reads the tables of sockets from inside the container's network, with nothing of its image; null when it is gone. */
export async function listeningPorts(question: PortsQuery): Promise<readonly ListeningPort[] | null> {
  const { engine, runId, stack, container, protocol = 'tcp', toolboxImage, signal } = question
  const found = await engine.container(container)
  if (found?.state !== 'running') return null
  const { exitCode, output } = await engine.run({
    name: `${stack}_ccci-ports-${randomId(6)}`,
    image: toolboxImage,
    argv: ['sh', '-c', TABLES, protocol],
    labels: { [RUN_LABEL]: runId },
    network: `container:${container}`,
    timeoutMs: DEADLINE_MS,
    signal,
  })
  return exitCode === 0 ? parseListening(output, protocol) : null
}

/** Rows of /proc/net/tcp, udp and their likes: `0: 00000000:1F90 00000000:0000 0A ...`, addresses as words of the machine's byte order. */
const ROW = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) /gm
/** The engine's own name server listens in every container. */
const NAME_SERVER = '0B00007F'
const LOOPBACK = /^(.{6}7F|0{24}01000000|0{16}FFFF0000.{6}7F)$/

/** The listening ports of both tables, each once. A port is `loopback` when nothing listens there for others. */
export function parseListening(tables: string, protocol: keyof typeof OPEN = 'tcp'): ListeningPort[] {
  const open = new Map<number, boolean>()
  for (const [, address = '', hex = '', state] of tables.matchAll(ROW)) {
    if (address === NAME_SERVER || state !== OPEN[protocol]) continue
    const port = Number.parseInt(hex, 16)
    open.set(port, (open.get(port) ?? true) && LOOPBACK.test(address))
  }
  return [...open].map(([port, loopback]) => ({ port, loopback })).sort((a, b) => a.port - b.port)
}
