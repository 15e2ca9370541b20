import { z } from 'zod'
import type { Masker } from '../../../lib/masking/mask.ts'
import { ForgeError } from '../../contract/errors.ts'

const LONGEST_RETRY_MS = 3_600_000
const words = z.object({ message: z.string() })

/** What an answer that is no 2xx means. `forge-refused` stands for every 4xx but 404 and 429: asked again the same way it says the same. */
export function errorOf(
  what: string,
  answer: { readonly status: number; readonly text: string },
  masker: Masker,
  retry: { readonly retryAfter: string | null; readonly now: number } = { retryAfter: null, now: 0 },
): ForgeError {
  const { status } = answer
  const said = saidIn(answer.text)
  const message = masker.mask(`${what}: the forge answered ${status}${said ? `: ${said}` : ''}`)
  if (status === 429 || status >= 500)
    return new ForgeError('forge-gone', message, { retryAfterMs: retryAfterMs(retry.retryAfter, retry.now) })
  if (status === 404) return new ForgeError('forge-missing', message)
  if (status === 401 || status === 403)
    return new ForgeError('forge-refused', message, {
      hint: 'The token needs write:issue, write:repository, read:organization and read:user, and its account write access by a team.',
    })
  if (status >= 400) return new ForgeError('forge-refused', message)
  return new ForgeError('forge-broken', `${message} (no redirect is followed)`, {
    hint: 'Give the address of the forge as it names itself.',
  })
}

/** Seconds or a date, to milliseconds from now; an hour at most. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined
  const text = header.trim()
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_MS) : undefined
}

function saidIn(text: string): string {
  try {
    return words.parse(JSON.parse(text)).message.slice(0, 300)
  } catch {
    return ''
  }
}
