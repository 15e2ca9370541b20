// cspell:ignore econn
import { CcCiError, InfraError, messageOf } from '../../lib/errors.ts'

const NETWORK = /^(ECONN\w+|EPIPE|ENOENT|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/
/** Classes 08 (connection), 53 (no room, too many), 57P (shut down), 58 (system); 25006 and 40001 on a change of the primary. */
const SQL_STATES = /^(08\w{3}|53\w{3}|57P\w{2}|58\w{3}|25006)$/
const WORDS =
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after)/
const FULL = /^(ENOSPC|EDQUOT|53100)$/

/**
 * Runs `act`; an error that means the database does not answer becomes InfraError `database-gone`, one of a disk without room, be it the
 * database's or a file's, InfraError `disk-full`. Nothing of a change that ends so is kept.
 */
export async function orUnavailable<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof CcCiError) throw error
    if (FULL.test(String((error as { code?: unknown }).code))) throw full(error)
    if (!isGone(error)) throw error
    throw new InfraError('database-gone', `the database does not answer: ${messageOf(error)}`, { cause: error })
  }
}

function full(cause: unknown): InfraError {
  const hint = 'Make room on the disk of the state folder (`cc-ci gc` removes old runs), or of the database.'
  return new InfraError('disk-full', `the disk is full: ${messageOf(cause)}`, { hint, cause })
}

function isGone(error: unknown): boolean {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isGone)
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  if (typeof code === 'string' && NETWORK.test(code)) return code !== 'ENOENT' || syscall === 'connect'
  if (typeof code === 'string' && SQL_STATES.test(code)) return true
  return WORDS.test(messageOf(error))
}
