import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A tiny app on loopback: one page with a heading, and `/health`. */
export async function servePage(): Promise<{ readonly url: string; [Symbol.asyncDispose](): Promise<void> }> {
  const server = createServer((request, response) => {
    const isHealth = request.url === '/health'
    response.setHeader('content-type', isHealth ? 'application/json' : 'text/html')
    response.end(isHealth ? '{"ok":true}' : '<!doctype html><title>Todo</title><h1>Your list</h1>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
