import type { Context } from 'hono'
import type { ServerSettings } from '../contract/settings.ts'
import { sameSecret } from '../secrets.ts'
import { HttpError } from './http-error.ts'
import type { Sessions } from './session.ts'

/** Who looks at a page. `operator`: `operator` or a login of the forge; null: a reader. `csrf` goes back with every form. */
export interface Viewer {
  readonly operator: string | null
  readonly csrf: string
}

/** Says who may change something: by the operator token, or by a browser's session with its CSRF token from a page of ours. */
export class Authenticator {
  readonly #settings: Pick<ServerSettings, 'operatorToken' | 'publicUrl'>
  readonly #sessions: Sessions

  constructor(settings: Pick<ServerSettings, 'operatorToken' | 'publicUrl'>, sessions: Sessions) {
    this.#settings = settings
    this.#sessions = sessions
  }

  viewer(c: Context): Viewer {
    const session = this.#sessions.of(c)
    return { operator: session?.who ?? null, csrf: session?.csrf ?? '' }
  }

  /** Who sent this form; null where it came from elsewhere, without its token, or from a reader. */
  sender(c: Context, form: Readonly<Record<string, unknown>>): string | null {
    const session = this.#sessions.of(c)
    if (!session || !this.fromHere(c)) return null
    const token = typeof form.csrf === 'string' ? form.csrf : (c.req.header('x-cc-ci-csrf') ?? '')
    return sameSecret(token, session.csrf) ? session.who : null
  }

  /** Of a call of the API: throws Refusal 401 or 403. A session may read with its cookie alone. */
  operator(c: Context): string {
    const bearer = bearerOf(c)
    if (bearer !== null) {
      if (sameSecret(bearer, this.#settings.operatorToken)) return 'operator'
      throw new HttpError(401, 'unauthorized', 'that is not the operator token')
    }
    const { operator } = this.viewer(c)
    if (operator === null) {
      throw new HttpError(
        401,
        'unauthorized',
        'this needs the operator token',
        'Send it as Authorization: Bearer TOKEN.',
      )
    }
    if (c.req.method === 'GET' || this.sender(c, {}) !== null) return operator
    throw new HttpError(403, 'cross-site', 'a session needs its token in X-CC-CI-CSRF, and a page of this server')
  }

  /** True when the browser says that a page of this server made the request. */
  fromHere(c: Context): boolean {
    const site = c.req.header('sec-fetch-site')
    const origin = c.req.header('origin')
    if (site !== undefined && site !== 'same-origin') return false
    if (origin === undefined) return site === 'same-origin'
    return origin === new URL(this.#settings.publicUrl).origin || (site === 'same-origin' && origin !== 'null')
  }
}

/** The token of `Authorization: Bearer`; null where there is no such header. */
export function bearerOf(c: Context): string | null {
  return /^Bearer +(\S{1,512})$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? null
}
