import { z } from 'zod'
import { messageOf } from '../../../lib/errors.ts'
import { readBounded } from '../../../lib/files/bounded-body.ts'
import { ForgeError } from '../../contract/errors.ts'
import type { ForgeOauth, OauthClient } from '../../contract/forge.ts'

const DEADLINE_MS = 10_000
const ANSWER_BYTES = 64 * 1024

const tokenShape = z.object({ access_token: z.string().min(1).max(8192) })
const userShape = z.object({ login: z.string().min(1).max(255) })

/** OAuth2 of Gitea and Forgejo: authorisation code with PKCE. */
export function giteaOauth(baseUrl: string, { clientId, clientSecret, redirectUri }: OauthClient): ForgeOauth {
  return {
    authorizeUrl({ state, challenge }) {
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        state,
        scope: 'read:user',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      })
      return `${baseUrl}/login/oauth/authorize?${query}`
    },
    async loginOf({ code, verifier }) {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        client_id: clientId,
        client_secret: clientSecret,
      })
      const token = await request(`${baseUrl}/login/oauth/access_token`, tokenShape, { method: 'POST', body })
      const headers = { authorization: `Bearer ${token.access_token}` }
      return (await request(`${baseUrl}/api/v1/user`, userShape, { headers })).login
    },
  }
}

/** One request of a login; redirects are refused. Throws ForgeError `forge-gone`, `forge-broken`, `forge-refused` for a code or token that is not accepted. */
async function request<T>(url: string, shape: z.ZodType<T>, init: RequestInit): Promise<T> {
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
  if (!response.ok) throw new ForgeError('forge-refused', `the forge refused the login (${response.status})`)
  try {
    return shape.parse(JSON.parse(text))
  } catch (error) {
    throw new ForgeError('forge-broken', 'the forge sent an unexpected answer to the login', { cause: error })
  }
}

function tooLong(): ForgeError {
  return new ForgeError('forge-broken', 'the answer of the forge to the login is too long')
}
