import { performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import type { EdgeAddress } from '../edge/address.ts'
import { ProtocolPipe } from './protocol-pipe.ts'

/** Chromium opens no more than 256 connections. */
const STREAMS = 300
const WINDOW_BYTES = 1024 * 1024
const DIAL_MS = 30_000

/**
 * cc-ci's end of what comes out of a browser's container: a session of HTTP/2 in which the program there is the client. It knows two things to ask for:
 * the protocol of Chromium, once, and connections to the ports of the edge. Whatever else is asked for is refused; nothing is dialled but
 * the edge.
 */
export class BoxLink {
  readonly #session: ServerHttp2Session
  readonly #edge: EdgeAddress
  /** Chromium's protocol. */
  readonly pipe = new ProtocolPipe()
  /** Resolves when the container is no longer talked to, whatever the reason; never rejects. */
  readonly over: Promise<void>

  constructor(stream: Duplex, edge: EdgeAddress) {
    this.#edge = edge
    this.#session = performServerHandshake(stream, {
      settings: { maxConcurrentStreams: STREAMS, initialWindowSize: WINDOW_BYTES, maxHeaderListSize: 4096 },
      maxSessionMemory: 64,
    })
    this.over = new Promise((resolve) => {
      this.#session.once('close', resolve)
      stream.once('close', () => this.#session.destroy())
    })
    this.#session.on('error', () => this.#session.destroy())
    this.#session.on('stream', (stream: ServerHttp2Stream, headers) => this.#answer(stream, headers[':path'] ?? ''))
    void this.over.then(() => this.pipe.end('its container is gone'))
  }

  close(): void {
    this.#session.destroy()
  }

  #answer(stream: ServerHttp2Stream, path: string): void {
    stream.on('error', () => stream.destroy())
    const port = path === '/edge/https' ? this.#edge.httpsPort : path === '/edge/http' ? this.#edge.httpPort : null
    const isProtocol = path === '/protocol' && this.pipe.take(stream)
    if (isProtocol || port) stream.respond({ ':status': 200 })
    else stream.respond({ ':status': 404 }, { endStream: true })
    if (port) dial(stream, { host: this.#edge.host, port })
  }
}

function dial(stream: ServerHttp2Stream, { host, port }: { host: string; port: number }): void {
  const socket = connect({ host, port, allowHalfOpen: true, timeout: DIAL_MS })
  socket.once('connect', () => socket.setTimeout(0))
  socket.once('timeout', () => socket.destroy())
  for (const [from, to] of [
    [stream, socket],
    [socket, stream],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => void (to.writableEnded || to.destroy()))
  }
}
