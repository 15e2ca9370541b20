import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { Engine } from '../../../src/engine/client.ts'
import { Connection, type Transport } from '../../../src/engine/connection.ts'

export interface Said {
  readonly status?: number
  /** Sent as it is; default: nothing. */
  readonly body?: string
  readonly type?: string
}

export interface StandIn extends AsyncDisposable {
  readonly engine: Engine
  /** `METHOD /path?query` of each request so far. */
  readonly asked: readonly string[]
}

/** An HTTP server on a socket of its own that says the same to every request, and an engine that talks to it through the real transport. */
export async function standIn(
  answer: Said | ((request: IncomingMessage, response: ServerResponse) => void),
): Promise<StandIn> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-engine-'))
  const socketPath = join(dir, 'engine.sock')
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    request.resume()
    if (typeof answer === 'function') return answer(request, response)
    response.writeHead(answer.status ?? 200, { 'Content-Type': answer.type ?? 'application/json' })
    response.end(answer.body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return {
    engine: new Engine(new Connection(new Docker({ socketPath }).modem as Transport)),
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(dir, { recursive: true })
    },
  }
}
