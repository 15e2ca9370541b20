import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { messageOf, UsageError } from '../../lib/errors.ts'

/** The worker's token from its file, which nobody else may read. Throws UsageError `bad-token-file`. */
export function readTokenFile(file: string): string {
  const { text, mode } = read(file)
  if (mode & 0o077) {
    throw new UsageError('bad-token-file', `others than its owner may read or write ${file}`, {
      hint: `chmod 600 ${file}; who may have read it has the token: make another one.`,
    })
  }
  const token = text.trim()
  if (!/^[\x21-\x7e]{16,512}$/.test(token)) {
    throw new UsageError('bad-token-file', `${file} does not hold one token`, {
      hint: 'Put the token in it as the server printed it, and nothing else.',
    })
  }
  return token
}

function read(file: string): { text: string; mode: number } {
  try {
    const descriptor = openSync(file, 'r')
    try {
      return { mode: fstatSync(descriptor).mode, text: readFileSync(descriptor, 'utf8') }
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new UsageError('bad-token-file', `the token cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
