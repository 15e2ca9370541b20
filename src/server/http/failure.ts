import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Logger } from 'pino'
import { CcCiError, messageOf } from '../../lib/errors.ts'
import { FencedError, ForgeError, isStoreAway, UploadError } from '../contract/errors.ts'

/** How every route says no. */
interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string }
  /** Of `wrong-offset`: bytes that the server has. */
  readonly size?: number
}

/** Ends a request with a status, a stable code and a sentence. */
export class Refusal extends HTTPException {
  readonly code: string
  readonly hint: string | undefined

  constructor(status: ContentfulStatusCode, code: string, message: string, hint?: string) {
    super(status, { message })
    this.code = code
    this.hint = hint
  }
}

/** An error as it is answered. What is nobody's fault outside says only under which request id the log has the rest. */
export function failureFor(
  error: unknown,
  c: Context,
  log: Logger,
): { readonly status: ContentfulStatusCode; readonly failure: Failure } {
  const status = statusOf(error)
  const where = { request: c.get('requestId'), path: c.req.path }
  // What is away comes back: its place in our code would be told a hundred times a minute.
  if (status === 503) log.warn({ ...where, error: messageOf(error) }, 'a request could not be answered now')
  else if (status >= 500) log.error({ ...where, err: error }, 'a request failed')
  if (status !== 500) return { status, failure: failureOf(error) }
  const message = `cc-ci failed; its log has more under request ${c.get('requestId')}`
  return { status, failure: { error: { code: 'internal', message } } }
}

function failureOf(error: unknown): Failure {
  if (error instanceof CcCiError || error instanceof Refusal) {
    const { code, message, hint } = error
    const size = error instanceof UploadError && error.code === 'wrong-offset' ? { size: error.size } : {}
    return { error: { code, message, ...(hint === undefined ? {} : { hint }) }, ...size }
  }
  return { error: { code: 'bad-request', message: error instanceof Error ? error.message : 'not understood' } }
}

/** Orders of the right shape that do not fit what is there. */
const CONFLICTS: readonly string[] = ['not-enrolled', 'bad-mirror']

function statusOf(error: unknown): ContentfulStatusCode {
  if (error instanceof HTTPException) return error.status
  if (error instanceof FencedError) return 409
  if (error instanceof UploadError)
    return ({ 'wrong-offset': 409, 'too-large': 413 } as const)[error.code as 'too-large'] ?? 400
  if (error instanceof ForgeError) return error.code === 'forge-gone' ? 503 : 502
  if (!(error instanceof CcCiError)) return 500
  if (isStoreAway(error)) return 503
  if (error.code === 'git-failed') return 502
  if (error.code === 'commit-not-found') return 410
  if (error.blame !== 'user') return 500
  if (error.code.startsWith('no-such-') || error.code.endsWith('-not-found')) return 404
  return error.code.startsWith('already-') || error.code.endsWith('-exists') || CONFLICTS.includes(error.code)
    ? 409
    : 400
}
