import { randomInt } from 'node:crypto'
import type { SecretSpec } from '../model.ts'
import { PASSPHRASE_WORDS } from './words.ts'

const WORDS_PER_PASSPHRASE = 7
const ALNUM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** The characters of each charset that `.env.sample` may name. */
export const CHARSETS = {
  default: ALNUM,
  alnum: ALNUM,
  special: '!@#$%^&*_-+=',
  safespecial: '!@#%^&*_-+=',
  hex: '0123456789abcdef',
} as const satisfies Record<string, string>

/** True for a charset or a comma-separated combination of them. */
export function isCharset(text: string): boolean {
  return text.split(',').every((name) => Object.hasOwn(CHARSETS, name.trim()))
}

/** A new value: a passphrase of words, or with a length a password of the charset's characters. Cryptographically random. */
export function generateSecret(spec: Pick<SecretSpec, 'length' | 'charset'>): string {
  if (spec.length === undefined)
    return Array.from({ length: WORDS_PER_PASSPHRASE }, () => pick(PASSPHRASE_WORDS)).join('-')
  const names = (spec.charset ?? 'default').split(',').map((name) => name.trim())
  const known = names.flatMap((name) =>
    Object.hasOwn(CHARSETS, name) ? [CHARSETS[name as keyof typeof CHARSETS]] : [],
  )
  const alphabet = [...new Set(known.length > 0 ? known.join('') : CHARSETS.default)]
  return Array.from({ length: spec.length }, () => pick(alphabet)).join('')
}

function pick(from: readonly string[]): string {
  return from[randomInt(from.length)] ?? ''
}
