import type { z } from 'zod'
import { readBounded } from '../../lib/bounded-body.ts'
import { messageOf } from '../../lib/errors.ts'
import { ForgeError } from '../contract/errors.ts'
import { HttpError } from './http-error.ts'

const DEADLINE_MS = 10_000
const ANSWER_BYTES = 64 * 1024

/**
 * One call of a login, redirects refused. Throws ForgeError `forge-gone`, `forge-broken`; Refusal `login-refused` where the forge says no to
 * this code or token.
 */
export async function askForge<T>(url: string, shape: z.ZodType<T>, init: RequestInit): Promise<T> {
  const headers = { accept: 'application/json', ...init.headers }
  let response: Response
  let text: string
  try {
    response = await fetch(url, { ...init, headers, redirect: 'error', signal: AbortSignal.timeout(DEADLINE_MS) })
    text = (await readBounded(response.body, ANSWER_BYTES, tooLong)).toString('utf8')
  } catch (error) {
    if (error instanceof ForgeError) throw error
    throw new ForgeError('forge-gone', `the forge does not answer the login: ${messageOf(error)}`, { cause: error })
  }
  if (response.status >= 500) throw new ForgeError('forge-gone', `the forge answered ${response.status} to the login`)
  if (!response.ok) throw new HttpError(403, 'login-refused', `the forge refused the login (${response.status})`)
  try {
    return shape.parse(JSON.parse(text))
  } catch (error) {
    throw new ForgeError('forge-broken', 'the forge answered the login with something else', { cause: error })
  }
}

function tooLong(): ForgeError {
  return new ForgeError('forge-broken', 'the forge answered the login at too great length')
}
