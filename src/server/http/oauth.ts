// cspell:ignore PKCE
import { createHash, randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { html } from 'hono/html'
import { z } from 'zod'
import type { Clock } from '../../lib/clock.ts'
import type { Forge } from '../contract/forge.ts'
import type { ServerSettings } from '../contract/settings.ts'
import { sameSecret } from '../secrets.ts'
import { HttpError } from './http-error.ts'
import { askForge } from './oauth-call.ts'
import type { Sessions } from './session.ts'

const MINUTES_10 = 600
const COOKIE = 'cc_ci_login'
const begunShape = z.strictObject({ state: z.string(), verifier: z.string(), until: z.int() })

export interface OauthParts {
  readonly settings: Pick<ServerSettings, 'publicUrl' | 'forgeUrl'>
  readonly client: NonNullable<ServerSettings['oauth']>
  /** Its members are operators. */
  readonly organisation: string
  readonly forge: Pick<Forge, 'isMember'>
  readonly sessions: Sessions
  readonly clock: Pick<Clock, 'now'>
}

/** Login by the forge, below `/login/forge`: authorisation code with state and PKCE. Nothing but the forge of the settings is called. */
export function oauthRoutes({ settings, client, organisation, forge, sessions, clock }: OauthParts): Hono {
  const { publicUrl, forgeUrl } = settings
  const redirectUri = `${publicUrl}/login/forge/callback`
  const cookie = { httpOnly: true, sameSite: 'Lax', secure: sessions.secure, path: '/login/forge' } as const
  const app = new Hono()

  app.get('/', (c) => {
    const [state, verifier] = [randomBytes(24).toString('base64url'), randomBytes(32).toString('base64url')]
    const until = clock.now() + MINUTES_10 * 1000
    setCookie(c, COOKIE, sessions.seal({ state, verifier, until }), { ...cookie, maxAge: MINUTES_10 })
    const query = new URLSearchParams({
      ...{ client_id: client.clientId, redirect_uri: redirectUri, response_type: 'code', state, scope: 'read:user' },
      ...{ code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' },
    })
    return c.redirect(`${forgeUrl}/login/oauth/authorize?${query}`)
  })

  app.get('/callback', async (c) => {
    const begun = begunShape.safeParse(sessions.unseal(getCookie(c, COOKIE) ?? ''))
    deleteCookie(c, COOKIE, cookie)
    const { state = '', code = '' } = c.req.query()
    if (!begun.success || begun.data.until <= clock.now() || !sameSecret(state, begun.data.state)) {
      throw new HttpError(403, 'login-stale', 'this login was not begun here, or too long ago', 'Log in anew.')
    }
    if (code === '') throw new HttpError(403, 'login-refused', 'the forge did not let you in')
    const login = await loginOf(code, begun.data.verifier)
    if (!(await forge.isMember(organisation, login))) {
      throw new HttpError(403, 'no-operator', `${login} is no member of ${organisation}`)
    }
    sessions.begin(c, login)
    // A strict cookie is not sent after a redirect from another site: the page itself goes on.
    return c.html(html`<!doctype html><meta http-equiv="refresh" content="0;url=/"><a href="/">Go on</a>`)
  })

  return app

  async function loginOf(code: string, verifier: string): Promise<string> {
    const asked = new URLSearchParams({
      ...{ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier },
      ...{ client_id: client.clientId, client_secret: client.clientSecret },
    })
    const token = await askForge(`${forgeUrl}/login/oauth/access_token`, tokenShape, { method: 'POST', body: asked })
    const headers = { authorization: `Bearer ${token.access_token}` }
    const user = await askForge(`${forgeUrl}/api/v1/user`, userShape, { headers })
    return user.login
  }
}

const tokenShape = z.object({ access_token: z.string().min(1).max(8192) })
const userShape = z.object({ login: z.string().min(1).max(255) })
