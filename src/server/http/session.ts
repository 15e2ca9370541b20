import { createHmac, randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import type { Clock } from '../../lib/async/clock.ts'
import type { ServerSettings } from '../contract/settings.ts'
import { keyFor, sameSecret } from '../secrets.ts'

const HOURS_12 = 12 * 3600

const payload = z.strictObject({ who: z.string().min(1).max(255), until: z.int(), nonce: z.string() })

export interface Session {
  /** `operator`, or a login of the forge. */
  readonly who: string
  /** Goes with every form and every changing call of this session. */
  readonly csrf: string
}

/** Browser sessions in a signed cookie: nothing is kept here, so any server with the same operator token knows them. */
export class Sessions {
  readonly #key: Buffer
  readonly #clock: Pick<Clock, 'now'>
  readonly #secure: boolean

  constructor(settings: Pick<ServerSettings, 'operatorToken' | 'publicUrl'>, clock: Pick<Clock, 'now'>) {
    this.#key = keyFor('session', settings)
    this.#clock = clock
    this.#secure = settings.publicUrl.startsWith('https:')
  }

  /** Lets a browser in for 12 h. */
  begin(c: Context, who: string): void {
    const until = this.#clock.now() + HOURS_12 * 1000
    const value = this.seal({ who, until, nonce: randomBytes(12).toString('hex') })
    setCookie(c, this.#name, value, { ...this.#attributes, maxAge: HOURS_12 })
  }

  /** Null: none, a forged one, or one that is over. */
  of(c: Context): Session | null {
    const value = getCookie(c, this.#name) ?? ''
    const data = payload.safeParse(this.unseal(value))
    if (!data.success || data.data.until <= this.#clock.now()) return null
    return { who: data.data.who, csrf: this.#mac(`csrf ${value}`) }
  }

  end(c: Context): void {
    deleteCookie(c, this.#name, this.#attributes)
  }

  /** Data that comes back as it was, or not at all. */
  seal(data: object): string {
    const text = Buffer.from(JSON.stringify(data)).toString('base64url')
    return `${text}.${this.#mac(`seal ${text}`)}`
  }

  unseal(value: string): unknown {
    const [text = '', mac = ''] = value.split('.')
    if (!sameSecret(mac, this.#mac(`seal ${text}`))) return null
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  }

  get secure(): boolean {
    return this.#secure
  }

  get #name(): string {
    return this.#secure ? '__Host-cc_ci' : 'cc_ci'
  }

  get #attributes() {
    return { httpOnly: true, sameSite: 'Strict', secure: this.#secure, path: '/' } as const
  }

  #mac(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url')
  }
}
