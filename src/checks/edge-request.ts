import { createHash } from 'node:crypto'
import { request } from 'node:https'
import type { EdgeAddress } from '../edge/address.ts'
import { DeadlineError } from '../lib/errors.ts'
import { formatDuration } from '../lib/text/duration.ts'

/** An answer that came through the edge, after redirects. */
export interface EdgeAnswer {
  /** Where it came from in the end, as an operator would see it: `https://<domain>/<path>`. */
  readonly url: string
  readonly status: number
  readonly contentType: string
  readonly location: string | null
  /** `name=value` of each cookie that it sets. */
  readonly cookies: readonly string[]
  /** The first MAX_BODY bytes as text. */
  readonly body: string
  readonly bodyHash: string
  /** Bytes read; a longer body is cut. */
  readonly bytes: number
  /** How many redirects were followed. */
  readonly redirects: number
}

/** More of a body is not read: an app must not fill our memory. */
const MAX_BODY = 4 * 1024 * 1024
const MAX_REDIRECTS = 10
/** Shorter than the 30 s for which Traefik dials a server that does not answer: see NoResponse. */
const REQUEST_DEADLINE_MS = 10_000

export interface EdgeRequest {
  readonly edge: EdgeAddress
  readonly domain: string
  readonly path: string
  /** Follow redirects that stay on the domain. */
  readonly follow: boolean
  /** The edge has no certificate for this host, as it has none for `www.` of an app: who signed it is checked all the same. */
  readonly uncertified?: boolean
  readonly signal: AbortSignal
  /** For each request. Default: 10 s. */
  readonly timeoutMs?: number
}

/** The proxy took the request and said nothing before the deadline: it still waits for the app, or dials it in vain. */
export class NoResponse extends DeadlineError {
  constructor(url: string, timeoutMs: number) {
    super('no-response', `${url}: the proxy took the request, and no answer came within ${formatDuration(timeoutMs)}`)
  }
}

/** The app sends the browser in a circle. */
export class RedirectLoop {
  readonly urls: readonly string[]

  constructor(urls: readonly string[]) {
    this.urls = urls
  }
}

/**
 * Asks for `https://<domain><path>` at the edge's own address, with the domain as server and host name. Up to ten redirects
 * within the domain are followed, with the cookies that they set, as a browser would; one that comes back with nothing new to a place
 * already seen, or an eleventh, is a RedirectLoop. Rejects with NoResponse when the proxy was reached and nothing came back, and with Node's
 * own error when the proxy was not.
 */
export async function requestEdge(edgeRequest: EdgeRequest): Promise<EdgeAnswer | RedirectLoop> {
  const { edge, domain, path, follow, uncertified = false, signal, timeoutMs = REQUEST_DEADLINE_MS } = edgeRequest
  const way: string[] = []
  const seen = new Set<string>()
  const cookies = new Map<string, string>()
  for (let url = new URL(path, `https://${domain}`); ; ) {
    way.push(url.href)
    seen.add(`${url.href} ${cookieHeader(cookies)}`)
    const answer = await requestOnce(edge, url, { signal, timeoutMs, cookie: cookieHeader(cookies), uncertified })
    const next = follow ? redirectWithin(answer, url) : null
    if (next === null) return { ...answer, redirects: way.length - 1 }
    for (const cookie of answer.cookies) cookies.set(cookie.split('=')[0] ?? '', cookie)
    const nothingNew = seen.has(`${next.href} ${cookieHeader(cookies)}`)
    if (nothingNew || way.length > MAX_REDIRECTS) return new RedirectLoop([...way, next.href])
    url = next
  }
}

function cookieHeader(cookies: ReadonlyMap<string, string>): string {
  return [...cookies.values()].join('; ')
}

type OneAnswer = Omit<EdgeAnswer, 'redirects'>

/** The next place when the answer is a redirect to the same host; the edge itself turns http into https, so the scheme counts not. */
function redirectWithin({ status, location }: OneAnswer, from: URL): URL | null {
  if (location === null || ![301, 302, 303, 307, 308].includes(status) || !URL.canParse(location, from.href))
    return null
  const next = new URL(location, from)
  if (next.hostname !== from.hostname || !/^https?:$/.test(next.protocol)) return null
  next.protocol = 'https:'
  next.port = ''
  next.hash = ''
  return next
}

interface OneRequestOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
  readonly cookie: string
  readonly uncertified: boolean
}

function requestOnce(
  edge: EdgeAddress,
  url: URL,
  { signal, timeoutMs, cookie, uncertified }: OneRequestOptions,
): Promise<OneAnswer> {
  const late = AbortSignal.timeout(timeoutMs)
  return new Promise((resolve, reject) => {
    let reached = false
    const failed = (error: Error) => reject(late.aborted && reached ? new NoResponse(url.href, timeoutMs) : error)
    const outgoing = request(
      {
        host: edge.host,
        port: edge.httpsPort,
        servername: url.hostname,
        path: `${url.pathname}${url.search}`,
        headers: { host: url.hostname, accept: '*/*', 'user-agent': 'cc-ci', ...(cookie === '' ? {} : { cookie }) },
        ...(edge.ca === null ? { rejectUnauthorized: false } : { ca: edge.ca }),
        ...(uncertified ? { checkServerIdentity: () => undefined } : {}),
        agent: false,
        signal: AbortSignal.any([signal, late]),
      },
      (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        const done = () => {
          const body = Buffer.concat(chunks)
          resolve({
            url: url.href,
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            location: response.headers.location ?? null,
            cookies: (response.headers['set-cookie'] ?? []).map((cookie) => cookie.replace(/;.*$/s, '')),
            body: body.toString('utf8'),
            bodyHash: createHash('sha256').update(body).digest('hex'),
            bytes: body.length,
          })
        }
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk.subarray(0, MAX_BODY - bytes))
          bytes += chunk.length
          if (bytes < MAX_BODY) return
          done()
          outgoing.destroy()
        })
        response.on('end', done)
        response.on('error', failed)
      },
    )
    outgoing.on('socket', (socket) => socket.once('secureConnect', () => (reached = true)))
    outgoing.on('error', failed)
    outgoing.end()
  })
}
