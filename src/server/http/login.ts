import { type Context, Hono } from 'hono'
import type { ServerSettings } from '../contract/settings.ts'
import { sameSecret } from '../secrets.ts'
import type { Authenticator } from './authenticator.ts'
import { HttpError } from './http-error.ts'
import { loginPage } from './pages/login.ts'
import { sendPage } from './send-page.ts'
import type { Sessions } from './session.ts'

export interface LoginDeps {
  readonly settings: Pick<ServerSettings, 'operatorToken' | 'oauth'>
  readonly sessions: Sessions
  readonly auth: Authenticator
}

/** `/login` and `/logout` for browsers. */
export function loginRoutes({ settings, sessions, auth }: LoginDeps): Hono {
  const app = new Hono()

  app.get('/login', (c) => sendPage(c, page(c, null)))

  app.post('/login', async (c) => {
    assertFromHere(c)
    const { token } = await c.req.parseBody()
    if (typeof token !== 'string' || !sameSecret(token, settings.operatorToken)) {
      return sendPage(c, page(c, 'That is not the operator token.'), 401)
    }
    sessions.begin(c, 'operator')
    return c.redirect('/', 303)
  })

  app.post('/logout', async (c) => {
    if (auth.sender(c, await c.req.parseBody()) === null) {
      throw new HttpError(403, 'cross-site', 'this form is not of a page of this server, or too old')
    }
    sessions.end(c)
    return c.redirect('/', 303)
  })

  return app

  function page(c: Context, problem: string | null) {
    const forge = settings.oauth === null ? null : '/login/forge'
    return loginPage({ viewer: auth.viewer(c), problem, forge })
  }

  function assertFromHere(c: Context): void {
    if (!auth.fromHere(c)) throw new HttpError(403, 'cross-site', 'log in on a page of this server')
  }
}
