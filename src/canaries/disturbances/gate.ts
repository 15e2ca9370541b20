import { connect, createServer, type Server, type Socket } from 'node:net'
import { engineHost } from '../../engine/endpoint.ts'
import { UsageError } from '../../lib/errors.ts'

const MAX_LINE = 8192

/** A socket in front of the engine, which passes on what comes, or not. */
export class Gate {
  silent = false
  /** Gives the body of the answer to a request that the engine is not to see; null lets it through. */
  instead: (requestLine: string) => string | null = () => null
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor() {
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => this.#pass(socket))
  }

  listen(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(path, resolve)
    })
  }

  open(): void {
    this.silent = false
    for (const socket of this.#held.splice(0)) this.#pass(socket)
    for (const socket of this.#sockets) socket.resume()
  }

  close(): Promise<void> {
    for (const socket of [...this.#sockets, ...this.#held]) socket.destroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  readonly #held: Socket[] = []

  #pass(socket: Socket): void {
    socket.on('error', () => undefined)
    if (this.silent) return void this.#held.push(socket)
    const engine = dial()
    this.#join(socket, engine, (chunk) =>
      this.instead(chunk.subarray(0, MAX_LINE).toString('latin1').split('\r\n')[0] ?? ''),
    )
    this.#join(engine, socket)
  }

  /** Bytes in one direction; while the gate is silent those of an open connection wait too. */
  #join(from: Socket, to: Socket, instead: (chunk: Buffer) => string | null = () => null): void {
    this.#sockets.add(from)
    from.on('data', (chunk: Buffer) => {
      const body = instead(chunk)
      if (body !== null) from.write(answerOf(body))
      else if (!to.destroyed) to.write(chunk)
      if (this.silent) from.pause()
    })
    from.on('end', () => to.end())
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
    from.resume()
  }
}

function answerOf(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

function dial(): Socket {
  const host = engineHost()
  const [, path] = /^unix:\/\/(.+)$/.exec(host) ?? []
  if (path !== undefined) return connect({ path, allowHalfOpen: true })
  const { hostname, port, protocol } = new URL(host)
  if (protocol !== 'tcp:' || port === '')
    throw new UsageError('engine-not-plain', `the engine at ${host} cannot be stood in front of`, {
      hint: 'This canary needs an engine at a unix socket or a plain TCP port.',
    })
  return connect({ host: hostname, port: Number(port), allowHalfOpen: true })
}
