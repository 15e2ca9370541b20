import { createServer, type IncomingMessage, type Server, type ServerResponse, request as sendRequest } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where a request goes, or what becomes of it on the way. */
export type Passage =
  | { readonly to: string }
  /** Answered here; nobody is asked. */
  | { readonly status: number }
  /** Carried out, and its answer lost: the client gets this instead. */
  | { readonly to: string; readonly insteadOfAnswer: number }
  /** Carried out, and its answer given so much later. */
  | { readonly to: string; readonly lateMs: number }

/** Where a request goes. `tried`: addresses that took no connection for it. */
type Choose = (request: IncomingMessage, tried: readonly string[]) => Passage

/** A proxy on loopback: every request goes where `choose` says; one that could not connect is chosen again. Streams both ways. */
export class Relay implements AsyncDisposable {
  readonly url: string
  readonly #server: Server

  constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Ends every connection that there is; new ones are taken. */
  cut(): void {
    this.#server.closeAllConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

export async function startRelay(choose: Choose): Promise<Relay> {
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => null)
    if (body !== null) pass({ request, response, body, choose, tried: [] })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  return new Relay(server)
}

interface Passing {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Buffer
  readonly choose: Choose
  readonly tried: readonly string[]
}

function pass(passing: Passing): void {
  const { request, response, choose, tried } = passing
  const passage = choose(request, tried)
  if ('to' in passage) ask(passing, passage)
  else answer(response, passage.status)
}

function ask(passing: Passing, passage: Extract<Passage, { readonly to: string }>): void {
  const { request, response, body, tried } = passing
  const { to } = passage
  const onwards = sendRequest(`${to}${request.url}`, {
    method: request.method ?? 'GET',
    headers: { ...request.headers, 'x-forwarded-for': forwardedFor(request) },
    agent: false,
  })
  response.on('close', () => onwards.destroy())
  onwards.on('response', (got) => {
    if ('insteadOfAnswer' in passage) {
      got.resume()
      return answer(response, passage.insteadOfAnswer)
    }
    const give = () => {
      response.writeHead(got.statusCode ?? 502, got.headers)
      got.on('error', () => response.destroy()).pipe(response)
    }
    if ('lateMs' in passage) setTimeout(give, passage.lateMs)
    else give()
  })
  onwards.on('error', (error: NodeJS.ErrnoException) => {
    if (response.headersSent || response.destroyed) response.destroy()
    else if (error.code === 'ECONNREFUSED') pass({ ...passing, tried: [...tried, to] })
    else answer(response, 502)
  })
  onwards.end(body)
}

function forwardedFor({ headers, socket }: IncomingMessage): string {
  return [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', ')
}

function answer(response: ServerResponse, status: number): void {
  if (response.destroyed || response.headersSent) return
  response.writeHead(status, { 'content-type': 'text/plain' }).end('not now\n')
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
