import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { messageOf, UsageError } from '../lib/errors.ts'

export interface ServerAddress {
  /** `https://host[:port][/path]`, or http; no slash at its end. */
  readonly url: string
  readonly token: string
}

/** The base URL of a server: no credentials, query or fragment in it. Throws UsageError `bad-server`. */
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

/** A token of the server (a worker's or the operator's) from a file that only its owner may read. Throws UsageError `bad-token-file`. */
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
