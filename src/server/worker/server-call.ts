import { z } from 'zod'
import { readBounded } from '../../lib/bounded-body.ts'
import { InfraError, messageOf, UsageError } from '../../lib/errors.ts'
import { FencedError, UploadError } from '../contract/errors.ts'

const CALL_MS = 20_000
const ANSWER_BYTES = 256 * 1024

export interface ServerAddress {
  /** `https://host[:port][/path]`, or http; no slash at its end. */
  readonly url: string
  readonly token: string
}

export interface ServerCall {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below `/worker/v1/`, encoded. */
  readonly path: string
  readonly lease?: { readonly run: string; readonly attempt: number; readonly token: string }
  readonly body?: object | Uint8Array
  /** Default 20 s. */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/** Where workers may be sent: no credentials, query or fragment in it. Throws UsageError `bad-server`. */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const plain = url && !url.username && !url.password && !url.search && !url.hash
  if (!plain || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError('bad-server', 'the address of the server is no plain http or https URL', {
      hint: 'Write it like https://ci.example.org. The token goes into a file: --token-file.',
    })
  }
  return url.href.replace(/\/+$/, '')
}

/**
 * One call; redirects are never followed, so that the token goes nowhere else. Gives a response that succeeded, its body unread. Throws
 * FencedError, UploadError, InfraError `server-gone` (another try may succeed), `server-refused` (401, 403, 404), `server-broken`; the
 * signal's reason when that was aborted.
 */
export async function callServer({ url, token }: ServerAddress, call: ServerCall): Promise<Response> {
  const { method, path, lease, body, signal } = call
  const late = AbortSignal.timeout(call.deadlineMs ?? CALL_MS)
  let response: Response
  try {
    response = await fetch(`${url}/worker/v1/${path}`, {
      ...{ method, redirect: 'manual', signal: signal ? AbortSignal.any([late, signal]) : late },
      headers: {
        authorization: `Bearer ${token}`,
        ...(lease ? { 'x-cc-ci-lease': `${lease.attempt}.${lease.token}` } : {}),
        ...(body
          ? { 'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json' }
          : {}),
      },
      ...(body ? { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) } : {}),
    })
  } catch (error) {
    signal?.throwIfAborted()
    throw gone(error)
  }
  if (response.status >= 200 && response.status < 300) return response
  throw await refusalOf(response, call)
}

const refusalShape = z.object({ code: z.string(), message: z.string().optional(), size: z.int().optional() })

async function refusalOf(response: Response, { path, lease }: ServerCall): Promise<Error> {
  const { status } = response
  const text = await boundedText(response).catch(() => '')
  const said = saidIn(text)
  const message = `the server answered ${status} to ${path.replace(/^runs\/[^/]*\//, '')}${said.message ? `: ${said.message}` : ''}`
  if (status === 409 && said.code === 'wrong-offset') return new UploadError('wrong-offset', message, said.size ?? 0)
  if (status === 409 && lease) return new FencedError(lease.run)
  if (status === 413) return new UploadError('too-large', message)
  if (status === 400 && path.includes('/files/')) return new UploadError('bad-path', message)
  if (status === 410) return new InfraError('commit-not-found', message)
  if (status >= 500 || status === 429 || status === 408) return new InfraError('server-gone', message)
  if (status === 401 || status === 403 || status === 404) {
    return new InfraError('server-refused', message, { hint: 'Check --server and the token in --token-file.' })
  }
  return new InfraError('server-broken', message)
}

function saidIn(text: string): z.infer<typeof refusalShape> {
  try {
    const data: unknown = JSON.parse(text)
    const inner = typeof data === 'object' && data !== null && 'error' in data ? data.error : null
    const found = refusalShape.safeParse(
      typeof inner === 'object' && inner !== null ? { ...(data as object), ...inner } : data,
    )
    return found.success ? found.data : { code: '' }
  } catch {
    return { code: '' }
  }
}

/** The JSON of an answer. Throws InfraError `server-gone` where it breaks off, `server-broken` where it is not as agreed. */
export async function answerOf<T>(response: Response, shape: z.ZodType<T>): Promise<T> {
  const text = await boundedText(response)
  try {
    return shape.parse(JSON.parse(text))
  } catch (error) {
    throw new InfraError('server-broken', `the server's answer is not as agreed: ${messageOf(error).slice(0, 300)}`, {
      hint: 'Worker and server must be of the same version.',
      cause: error,
    })
  }
}

async function boundedText(response: Response): Promise<string> {
  const tooLarge = new InfraError('server-broken', `the server's answer has more than ${ANSWER_BYTES} bytes`)
  try {
    return (await readBounded(response.body, ANSWER_BYTES, () => tooLarge)).toString('utf8')
  } catch (error) {
    throw error === tooLarge ? error : gone(error)
  }
}

export function gone(error: unknown): InfraError {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return new InfraError('server-gone', `the server does not answer: ${messageOf(error)}${cause}`, { cause: error })
}
