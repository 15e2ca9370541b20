import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { engineHost } from '../../engine/connect.ts'
import { UsageError } from '../../lib/errors.ts'
import type { Disturbance } from '../canary.ts'

/**
 * A socket in front of the engine. From the first image of the app on it passes nothing on, as an engine that hangs; once the run has
 * said what it makes of that, all that was held back goes through, so that the app can be removed.
 */
export const silentEngine: Disturbance = {
  what: 'the engine stops answering while the app comes up',
  async prepare({ dir, env, cleanup, on }) {
    const gate = new Gate()
    const path = join(dir, 'engine.sock')
    cleanup.register('the socket in front of the engine', () => gate.close())
    await gate.listen(path)
    env.DOCKER_HOST = `unix://${path}`
    on(({ type, ...event }) => {
      if (type === 'image') gate.silent = true
      if (type === 'check' && 'outcome' in event && event.outcome !== 'pass') gate.open()
      if (type === 'tier.started' && 'tier' in event && event.tier === 'teardown') gate.open()
    })
  },
}

class Gate {
  silent = false
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
    this.#join(socket, engine)
    this.#join(engine, socket)
  }

  /** Bytes in one direction; while the gate is silent those of an open connection wait too. */
  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from)
    from.on('data', (chunk: Buffer) => {
      if (!to.destroyed) to.write(chunk)
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
