import { createServer, type Socket } from 'node:net'
import { messageOf } from '../../../src/lib/errors.ts'
import type { RpcHandlers } from '../../../src/sandbox/contract.ts'

/** The harness' end of the bridge on a real socket, as the contract has it. */
export async function serveRpc(path: string, handlers: RpcHandlers): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    let rest = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) void answer(line, handlers).then((reply) => socket.write(`${reply}\n`))
    })
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(line: string, handlers: RpcHandlers): Promise<string> {
  const { id, method, params } = JSON.parse(line) as { id: number; method: string; params: unknown }
  try {
    const handler = handlers[method]
    if (!handler) throw Object.assign(new Error(`unknown method ${method}`), { code: 'unknown-method' })
    return JSON.stringify({ id, result: (await handler(params)) ?? null })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'refused'
    return JSON.stringify({ id, error: { code, message: messageOf(error) } })
  }
}
