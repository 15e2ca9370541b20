// cspell:ignore PKCE
import { createHash, randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import type { Clock } from '../../lib/async/clock.ts'
import { html } from '../../report/html/markup.ts'
import { ForgeError } from '../contract/errors.ts'
import type { Forge, ForgeOauth } from '../contract/forge.ts'
import { sameSecret } from '../secrets.ts'
import { HttpError } from './http-error.ts'
import { sendPage } from './send-page.ts'
import type { Sessions } from './session.ts'

const MINUTES_10 = 600
const COOKIE = 'cc_ci_login'
const begunShape = z.strictObject({ state: z.string(), verifier: z.string(), until: z.int() })

export interface OauthDeps {
  readonly oauth: ForgeOauth
  /** Its members are operators. */
  readonly organisation: string
  readonly forge: Pick<Forge, 'isMember'>
  readonly sessions: Sessions
  readonly clock: Pick<Clock, 'now'>
}

/** Login by the forge, below `/login/forge`: authorisation code with state and PKCE. Nothing but the forge of the settings is called. */
export function oauthRoutes({ oauth, organisation, forge, sessions, clock }: OauthDeps): Hono {
  const cookie = { httpOnly: true, sameSite: 'Lax', secure: sessions.secure, path: '/login/forge' } as const
  const app = new Hono()

  app.get('/', (c) => {
    const [state, verifier] = [randomBytes(24).toString('base64url'), randomBytes(32).toString('base64url')]
    const until = clock.now() + MINUTES_10 * 1000
    setCookie(c, COOKIE, sessions.seal({ state, verifier, until }), { ...cookie, maxAge: MINUTES_10 })
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    return c.redirect(oauth.authorizeUrl({ state, challenge }))
  })

  app.get('/callback', async (c) => {
    const begun = begunShape.safeParse(sessions.unseal(getCookie(c, COOKIE) ?? ''))
    deleteCookie(c, COOKIE, cookie)
    const { state = '', code = '' } = c.req.query()
    if (!begun.success || begun.data.until <= clock.now() || !sameSecret(state, begun.data.state)) {
      throw new HttpError(403, 'login-stale', 'this login was not begun here, or too long ago', 'Log in again.')
    }
    if (code === '') throw new HttpError(403, 'login-refused', 'the forge did not let you in')
    const login = await loginOf(code, begun.data.verifier)
    if (!(await forge.isMember(organisation, login))) {
      throw new HttpError(403, 'no-operator', `${login} is no member of ${organisation}`)
    }
    sessions.begin(c, login)
    // A strict cookie is not sent after a redirect from another site: the page itself continues.
    return sendPage(c, () => html`<!doctype html><meta http-equiv="refresh" content="0;url=/"><a href="/">Continue</a>`)
  })

  return app

  async function loginOf(code: string, verifier: string): Promise<string> {
    try {
      return await oauth.loginOf({ code, verifier })
    } catch (error) {
      const refused = error instanceof ForgeError && error.code === 'forge-refused'
      throw refused ? new HttpError(403, 'login-refused', error.message) : error
    }
  }
}
