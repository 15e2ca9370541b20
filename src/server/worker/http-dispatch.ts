import { createWriteStream } from 'node:fs'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { debugLog } from '../../lib/debug.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import { readBounded } from '../../lib/files/bounded-body.ts'
import { FencedError, UploadError } from '../contract/errors.ts'
import { type Assignment, assignmentShape, type Dispatch, renewAnswer } from '../contract/protocol.ts'
import type { ServerAddress } from '../server-address.ts'

const SOURCE_MS = 600_000
const SOURCE_BYTES = 4 * 1024 ** 3
const UPLOAD_MS = 60_000

/** The worker protocol over HTTP; see contract/protocol.ts for the calls, `callServer` for what is thrown. */
export function httpDispatch(server: ServerAddress): Dispatch {
  const post = async (assignment: Assignment, what: string, body?: object) => {
    await drain(await callServer(server, { method: 'POST', ...aboutRun(assignment, what), ...(body ? { body } : {}) }))
  }
  return {
    sharesFolder: false,
    async claim(body, signal) {
      const timeoutMs = body.waitMs + 15_000
      const response = await callServer(server, { method: 'POST', path: 'claim', body, signal, timeoutMs })
      if (response.status !== 204) return answerOf(response, assignmentShape)
      await drain(response)
      return null
    },
    async source(assignment, file, signal) {
      const call = { ...aboutRun(assignment, 'source'), signal, timeoutMs: SOURCE_MS }
      await save(await callServer(server, { method: 'GET', ...call }), file, signal)
    },
    async renew(assignment) {
      return answerOf(await callServer(server, { method: 'POST', ...aboutRun(assignment, 'renew') }), renewAnswer)
    },
    async put(assignment, path, offset, bytes) {
      const file = `files/${path.split('/').map(encodeURIComponent).join('/')}?offset=${offset}`
      const call = { ...aboutRun(assignment, file), body: bytes, timeoutMs: UPLOAD_MS }
      return answerOf(await callServer(server, { method: 'PUT', ...call }), z.object({ size: z.int().nonnegative() }))
    },
    finish: (assignment, body) => post(assignment, 'finish', body),
    teardown: (assignment, body) => post(assignment, 'teardown', body),
    release: (assignment) => post(assignment, 'release'),
  }
}

function aboutRun({ request, attempt, token }: Assignment, what: string): Pick<ServerCall, 'path' | 'lease'> {
  return { path: `runs/${request.id}/${what}`, lease: { run: request.id, attempt, token } }
}

async function save(response: Response, file: string, signal: AbortSignal): Promise<void> {
  let size = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.byteLength
      done(size > SOURCE_BYTES ? new InfraError('server-broken', 'the source is larger than any recipe') : null, chunk)
    },
  })
  try {
    await pipeline(Readable.from(response.body ?? []), bounded, createWriteStream(file, { mode: 0o600 }), { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof InfraError ? error : toUnavailable(error)
  }
}

/** Frees the connection. */
async function drain(response: Response): Promise<void> {
  await response.body?.cancel()
}

const debug = debugLog('worker')

const CALL_MS = 20_000
const ANSWER_BYTES = 256 * 1024

export interface ServerCall {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below `/worker/v1/`, encoded. */
  readonly path: string
  readonly lease?: { readonly run: string; readonly attempt: number; readonly token: string }
  readonly body?: object | Uint8Array
  /** Default 20 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * One call; redirects are never followed, so that the token goes nowhere else. Gives a response that succeeded, its body unread. Throws
 * FencedError, UploadError, InfraError `server-gone` (another try may succeed), `server-refused` (401, 403, 404), `server-broken`; the
 * signal's reason when that was aborted.
 */
export async function callServer({ url, token }: ServerAddress, call: ServerCall): Promise<Response> {
  const { method, path, lease, body, signal } = call
  const late = AbortSignal.timeout(call.timeoutMs ?? CALL_MS)
  const begun = performance.now()
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
    throw toUnavailable(error)
  }
  debug('call answered', { method, path, status: response.status, ms: Math.round(performance.now() - begun) })
  if (response.status >= 200 && response.status < 300) return response
  throw await errorOf(response, call)
}

const errorShape = z.object({ code: z.string(), message: z.string().optional(), size: z.int().optional() })

async function errorOf(response: Response, { path, lease }: ServerCall): Promise<Error> {
  const { status } = response
  const text = await boundedText(response).catch(() => '')
  const details = parseError(text)
  const message = `the server answered ${status} to ${path.replace(/^runs\/[^/]*\//, '')}${details.message ? `: ${details.message}` : ''}`
  if (status === 409 && details.code === 'wrong-offset')
    return new UploadError('wrong-offset', message, details.size ?? 0)
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

function parseError(text: string): z.infer<typeof errorShape> {
  try {
    const data: unknown = JSON.parse(text)
    const inner = typeof data === 'object' && data !== null && 'error' in data ? data.error : null
    const found = errorShape.safeParse(
      typeof inner === 'object' && inner !== null ? { ...(data as object), ...inner } : data,
    )
    return found.success ? found.data : { code: '' }
  } catch {
    return { code: '' }
  }
}

/** The JSON of an answer. Throws InfraError `server-gone` where it breaks off, `server-broken` where it is not as agreed. */
async function answerOf<T>(response: Response, shape: z.ZodType<T>): Promise<T> {
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
    throw error === tooLarge ? error : toUnavailable(error)
  }
}

function toUnavailable(error: unknown): InfraError {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
  return new InfraError('server-gone', `the server does not answer: ${messageOf(error)}${cause}`, {
    cause: error,
  })
}
