import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { ServerSettings } from '../contract/settings.ts'
import type { Doorman } from './doorman.ts'
import { Refusal } from './failure.ts'
import { sameSecret } from './secrets.ts'
import type { Sessions } from './session.ts'

export interface LoginParts {
  readonly settings: Pick<ServerSettings, 'operatorToken' | 'oauth'>
  readonly sessions: Sessions
  readonly doorman: Doorman
}

/** `/login` and `/logout` for browsers. */
export function loginRoutes({ settings, sessions, doorman }: LoginParts): Hono {
  const app = new Hono()

  app.get('/login', (c) => c.html(page(settings.oauth !== null, null)))

  app.post('/login', async (c) => {
    assertFromHere(c)
    const { token } = await c.req.parseBody()
    if (typeof token !== 'string' || !sameSecret(token, settings.operatorToken)) {
      return c.html(page(settings.oauth !== null, 'That is not the operator token.'), 401)
    }
    sessions.begin(c, 'operator')
    return c.redirect('/', 303)
  })

  app.post('/logout', async (c) => {
    if (doorman.sender(c, await c.req.parseBody()) === null) {
      throw new Refusal(403, 'cross-site', 'this form is not of a page of this server, or too old')
    }
    sessions.end(c)
    return c.redirect('/', 303)
  })

  return app

  function assertFromHere(c: Context): void {
    if (!doorman.fromHere(c)) throw new Refusal(403, 'cross-site', 'log in on a page of this server')
  }
}

function page(byForge: boolean, problem: string | null) {
  const forge = byForge ? html`<p><a href="/login/forge">Log in by the forge</a></p>` : ''
  const alert = problem === null ? '' : html`<p role="alert">${problem}</p>`
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log in · cc-ci</title><link rel="stylesheet" href="/style.css"></head>
<body><main><h1>Log in</h1>${alert}
<form method="post" action="/login"><label>Operator token <input type="password" name="token" required autocomplete="current-password"></label> <button>Log in</button></form>
${forge}<p>Reading needs no login; starting, cancelling and enrolling do.</p></main></body></html>`
}
