import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A server on loopback that answers as the test says and remembers what it was asked: for the answers a real forge gives too seldom. */
export interface StandIn extends AsyncDisposable {
  readonly url: string
  readonly asked: { readonly method: string; readonly url: string; readonly authorization: string | undefined }[]
}

export async function standIn(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<StandIn> {
  const asked: StandIn['asked'] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    asked.push({ method, url, authorization: headers.authorization })
    answer(request, response)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
