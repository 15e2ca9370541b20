import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { Masker } from '../lib/masking/mask.ts'
import type { ServerSettings } from './contract/settings.ts'

/** How tokens are kept: hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** Compares in the same time whatever is different, the length included. */
export function sameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected).digest())
}

/** A key for one purpose, from which the operator token cannot be found. All servers with one token have the same. */
export function keyFor(purpose: string, { operatorToken }: Pick<ServerSettings, 'operatorToken'>): Buffer {
  return Buffer.from(hkdfSync('sha256', operatorToken, 'cc-ci', purpose, 32))
}

/** Masks every secret of the settings. */
export function serverMasker(
  settings: Pick<ServerSettings, 'forgeToken' | 'webhookSecret' | 'operatorToken' | 'databaseUrl' | 'oauth'>,
): Masker {
  const { forgeToken, webhookSecret, operatorToken, databaseUrl, oauth } = settings
  const password = databaseUrl !== null && URL.canParse(databaseUrl) ? new URL(databaseUrl).password : ''
  const masker = new Masker()
  for (const secret of [forgeToken, webhookSecret, operatorToken, oauth?.clientSecret, databaseUrl, password]) {
    for (const form of new Set([secret ?? '', decoded(secret ?? '')])) {
      // JSON within JSON within JSON: an answer of the forge that quotes a request, in a line of the log.
      for (const text of [form, escaped(form), escaped(escaped(form))]) masker.add(text)
    }
  }
  return masker
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
