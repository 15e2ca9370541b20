import { CcCiError } from '../../lib/errors.ts'
import { isAway } from '../contract/errors.ts'

/** Codes of the way to the server. */
const SERVER_AWAY = ['server-gone', 'no-answer']

/** What another try may not meet again. */
export function isPassing(error: unknown): boolean {
  return isAway(error) || (error instanceof CcCiError && SERVER_AWAY.includes(error.code))
}
