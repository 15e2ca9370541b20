import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CcCiError } from '../../../src/lib/errors.ts'
import { FencedError, UploadError } from '../../../src/server/contract/errors.ts'
import { claimBody, finishBody, teardownBody } from '../../../src/server/contract/protocol.ts'
import type { Dispatcher } from '../../../src/server/runs/dispatcher.ts'

/** The table of contract/protocol.ts over plain HTTP on loopback, for workers in processes of their own. */
export async function serveProtocol(office: Dispatcher): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    answer(office, request, response).catch((error: unknown) => refuse(response, error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close().closeAllConnections() }
}

async function answer(office: Dispatcher, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://x')
  const [, , , what, id = '', call = '', ...path] = url.pathname.split('/').map(decodeURIComponent)
  const dispatch = office.remote('elsewhere')
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  if (what === 'claim') {
    const found = await dispatch.claim(claimBody.parse(await jsonOf(request)), gone.signal)
    return found ? json(response, 200, found) : void response.writeHead(204).end()
  }
  const [attempt, token = ''] = String(request.headers['x-cc-ci-lease']).split('.')
  const held = await office.heldBy({ run: id, attempt: Number(attempt), token })
  if (call === 'source') return source()
  if (call === 'renew') return json(response, 200, await dispatch.renew(held))
  if (call === 'files') {
    const offset = Number(url.searchParams.get('offset'))
    return json(response, 200, await dispatch.put(held, path.join('/'), offset, await bytesOf(request)))
  }
  if (call === 'finish') await dispatch.finish(held, finishBody.parse(await jsonOf(request)))
  if (call === 'teardown') await dispatch.teardown(held, teardownBody.parse(await jsonOf(request)))
  if (call === 'release') await dispatch.release(held)
  json(response, 200, {})

  async function source(): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), 'cc-ci-bundle-'))
    try {
      await dispatch.source(held, join(dir, 'bundle'), gone.signal)
      await pipeline(createReadStream(join(dir, 'bundle')), response)
    } finally {
      rmSync(dir, { recursive: true })
    }
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const status = error instanceof FencedError || error instanceof UploadError ? 409 : 500
  const size = error instanceof UploadError ? { size: error.size } : {}
  json(response, status, { code: error instanceof CcCiError ? error.code : 'broken', ...size })
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  return JSON.parse((await bytesOf(request)).toString('utf8'))
}
