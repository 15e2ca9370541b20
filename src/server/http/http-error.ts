import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Logger } from 'pino'
import { CcCiError, type ErrorKind, messageOf } from '../../lib/errors.ts'
import { isStoreUnavailable, UploadError } from '../contract/errors.ts'

/** How every route says no. */
interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string }
  /** Of `wrong-offset`: bytes that the server has. */
  readonly size?: number
}

/** Ends a request with a status, a stable code and a sentence. */
export class HttpError extends HTTPException {
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
  // 503 is transient: logging the stack each time would flood the log.
  if (status === 503) log.warn({ ...where, error: messageOf(error) }, 'a request could not be answered now')
  else if (status >= 500) log.error({ ...where, err: error }, 'a request failed')
  if (status !== 500) return { status, failure: failureOf(error) }
  const message = `cc-ci failed; its log has more under request ${c.get('requestId')}`
  return { status, failure: { error: { code: 'internal', message } } }
}

function failureOf(error: unknown): Failure {
  if (error instanceof CcCiError || error instanceof HttpError) {
    const { code, message, hint } = error
    const size = error instanceof UploadError && error.code === 'wrong-offset' ? { size: error.size } : {}
    return { error: { code, message, ...(hint === undefined ? {} : { hint }) }, ...size }
  }
  return { error: { code: 'bad-request', message: error instanceof Error ? error.message : 'not understood' } }
}

const STATUS: Readonly<Record<ErrorKind, ContentfulStatusCode>> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  upstream: 502,
  unavailable: 503,
}

function statusOf(error: unknown): ContentfulStatusCode {
  if (error instanceof HTTPException) return error.status
  if (!(error instanceof CcCiError)) return 500
  if (isStoreUnavailable(error)) return STATUS.unavailable
  if (error.kind !== undefined) return STATUS[error.kind]
  return error.blame === 'user' ? STATUS.invalid : 500
}
