import { Masker } from '../../lib/mask.ts'
import type { ServerSettings } from '../contract/settings.ts'

/** Masks every secret of the server, wherever text leaves it. */
export function secretMasker(settings: ServerSettings): Masker {
  const masker = new Masker()
  const { forgeToken, webhookSecret, operatorToken, databaseUrl, oauth } = settings
  for (const secret of [forgeToken, webhookSecret, operatorToken, databaseUrl, oauth?.clientSecret]) {
    if (secret) masker.add(secret)
  }
  const password = databaseUrl ? URL.parse(databaseUrl)?.password : undefined
  if (password) masker.add(decodeURIComponent(password))
  return masker
}
