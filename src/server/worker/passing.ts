import { CcCiError } from '../../lib/errors.ts'

/** Codes of what another try may not meet again. */
const PASSING = ['server-gone', 'database-gone', 'disk-full', 'forge-gone', 'no-answer']

export function isPassing(error: unknown): boolean {
  return error instanceof CcCiError && PASSING.includes(error.code)
}
