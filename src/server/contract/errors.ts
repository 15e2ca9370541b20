import { CcCiError, EXIT, UsageError } from '../../lib/errors.ts'

/** Codes of outages that end by themselves; nothing is left half done. */
const STORE_UNAVAILABLE: readonly string[] = ['database-gone', 'disk-full']
const UNAVAILABLE: readonly string[] = [...STORE_UNAVAILABLE, 'forge-gone']

/** The database does not answer, or has no room. */
export function isStoreUnavailable(error: unknown): boolean {
  return error instanceof CcCiError && STORE_UNAVAILABLE.includes(error.code)
}

/** The same of the database or the forge. */
export function isUnavailable(error: unknown): error is CcCiError {
  return error instanceof CcCiError && UNAVAILABLE.includes(error.code)
}

/** A write under a lease that is no longer the run's: another attempt owns it, or it has ended. The writer stops. */
export class FencedError extends CcCiError {
  readonly blame = 'infra'
  readonly exitCode = EXIT.internal
  constructor(run: string) {
    super('fenced', `run ${run} is another attempt's, or has ended`, { kind: 'conflict' })
  }
}

/** What the forge did not do. `forge-gone` is worth another try; the others are not before somebody has changed something. */
export class ForgeError extends CcCiError {
  readonly blame = 'infra'
  readonly exitCode = EXIT.usage
  /** From Retry-After, where the forge sent one. */
  readonly retryAfterMs: number | null

  constructor(
    code: 'forge-gone' | 'forge-refused' | 'forge-missing' | 'forge-broken',
    message: string,
    details: { readonly retryAfterMs?: number; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(code, message, { ...details, kind: code === 'forge-gone' ? 'unavailable' : 'upstream' })
    this.retryAfterMs = details.retryAfterMs ?? null
  }
}

const UPLOAD_KINDS = { 'wrong-offset': 'conflict', 'too-large': 'too-large', 'bad-path': 'invalid' } as const

/** Bytes of a worker that are not kept. `wrong-offset` (409) is no fault: `size` says from where to continue. */
export class UploadError extends CcCiError {
  readonly blame = 'infra'
  readonly exitCode = EXIT.internal
  /** Bytes of the file that the server has; 0 where that is not what is wrong. */
  readonly size: number

  constructor(code: 'wrong-offset' | 'too-large' | 'bad-path', message: string, size = 0) {
    super(code, message, { kind: UPLOAD_KINDS[code] })
    this.size = size
  }
}

/** The answer of a call to the forge; throws UsageError `no-such-repository` with this message where the forge has no such thing. */
export async function orMissing<T>(call: Promise<T>, message: string): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'forge-missing')
      throw new UsageError('no-such-repository', message, { kind: 'not-found', cause: error })
    throw error
  }
}
