import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { systemClock } from '../../lib/async/clock.ts'
import { UsageError } from '../../lib/errors.ts'

/** What one client may cost. Times in ms. */
const SERVER_LIMITS = {
  /** From the connection to the end of the headers. */
  headersMs: 10_000,
  /** To the end of the body: a piece of a worker's file on a slow line. */
  requestMs: 60_000,
  idleMs: 30_000,
  headerBytes: 16 * 1024,
  connections: 1024,
}

export interface ListenOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly limits?: Partial<typeof SERVER_LIMITS>
}

/** A Hono, or what answers like one. */
export interface RequestHandler {
  readonly fetch: (request: Request, env: object) => Response | Promise<Response>
}

export interface HttpListener {
  readonly port: number
  /** Takes no more connections and waits for answers that are under way, at most so long. */
  close(graceMs: number): Promise<void>
}

/** Serves the app. Throws UsageError `cannot-listen`. */
export async function listen(app: RequestHandler, { host, port, limits }: ListenOptions): Promise<HttpListener> {
  const { headersMs, requestMs, idleMs, headerBytes, connections } = { ...SERVER_LIMITS, ...limits }
  const server = createAdaptorServer({
    fetch: app.fetch,
    overrideGlobalObjects: false,
    serverOptions: {
      ...{ headersTimeout: headersMs, requestTimeout: requestMs, keepAliveTimeout: idleMs },
      ...{ maxHeaderSize: headerBytes, connectionsCheckingInterval: Math.min(1000, headersMs, requestMs) },
    },
  }) as Server
  server.maxConnections = connections
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(host, port, error)))
    server.listen(port, host, resolve)
  })
  // A connection that is kept for a next request would keep the server, too, when its answer was the last one.
  server.on('request', (_, response) => {
    response.once('close', () => {
      if (!server.listening) server.closeIdleConnections()
    })
  })
  return { port: (server.address() as AddressInfo).port, close: (graceMs) => close(server, graceMs) }
}

async function close(server: Server, graceMs: number): Promise<void> {
  const ended = new AbortController()
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
  server.closeIdleConnections()
  const late = systemClock.sleep(graceMs, ended.signal).then(
    () => server.closeAllConnections(),
    () => {},
  )
  await closed
  ended.abort()
  await late
}

function cannotListen(host: string, port: number, cause: Error): UsageError {
  return new UsageError('cannot-listen', `cannot listen on ${host}:${port}: ${cause.message}`, {
    hint: 'Another program has the port, or the address is not of this machine.',
    cause,
  })
}
