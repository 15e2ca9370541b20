import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import type { EdgeAddress } from './address.ts'

export interface EdgeCall {
  readonly edge: EdgeAddress
  readonly domain: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Asked there without TLS, which is for this machine alone. Default: the edge's port for HTTPS. */
  readonly plainPort?: number
  readonly signal: AbortSignal
}

export interface EdgeReply {
  readonly status: number
  readonly body: string
}

const CALL_DEADLINE_MS = 60_000
const MAX_BODY = 8 * 1024 * 1024

/**
 * One request to a service of ours behind the edge, by its domain. The certificate must verify, because passwords travel here. Rejects
 * with Node's own error when there is no answer, or one longer than 8 MiB.
 */
export function callEdge({
  edge,
  domain,
  method,
  path,
  headers = {},
  body,
  plainPort,
  signal,
}: EdgeCall): Promise<EdgeReply> {
  return new Promise((resolve, reject) => {
    const send = plainPort === undefined ? request : plainRequest
    const outgoing = send(
      {
        host: edge.host,
        port: plainPort ?? edge.httpsPort,
        servername: domain,
        method,
        path,
        headers: { host: domain, 'user-agent': 'cc-ci', ...headers },
        ...(edge.ca === null ? {} : { ca: edge.ca }),
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_DEADLINE_MS)]),
      },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > MAX_BODY) outgoing.destroy(new Error(`the answer is longer than ${MAX_BODY} bytes`))
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        )
        response.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
