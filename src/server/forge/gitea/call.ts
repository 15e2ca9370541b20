import type { z } from 'zod'
import { type Clock, systemClock } from '../../../lib/async/clock.ts'
import { debugLog } from '../../../lib/debug.ts'
import { messageOf } from '../../../lib/errors.ts'
import { readBounded } from '../../../lib/files/bounded-body.ts'
import { Masker } from '../../../lib/masking/mask.ts'
import { ForgeError } from '../../contract/errors.ts'
import type { ForgeOptions } from '../../contract/forge.ts'
import { TooLargeError } from './body.ts'
import { errorOf } from './error-of.ts'

const debug = debugLog('forge')

export interface CallerOptions extends ForgeOptions {
  /** Of one answer. Default 32 MiB. */
  readonly maxBytes?: number
}

export type Query = Readonly<Record<string, string | number>>

export interface Answer {
  readonly status: number
  readonly text: string
  readonly total: number | null
}

/** One place where the forge is spoken to: below `<baseUrl>/api/v1`, no redirect followed, within a deadline and a size. */
export class ApiCaller {
  readonly baseUrl: string
  readonly masker = new Masker()
  readonly #token: string
  readonly #fetch: typeof fetch
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #maxBytes: number

  constructor(options: CallerOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, '')
    this.#token = options.token
    this.#fetch = options.fetch ?? fetch
    this.#clock = options.clock ?? systemClock
    this.#timeoutMs = options.timeoutMs ?? 15_000
    this.#maxBytes = options.maxBytes ?? 32 * 1024 ** 2
    this.masker.add(options.token)
  }

  get clock(): Clock {
    return this.#clock
  }

  /** The answer of a 2xx through its schema. Throws ForgeError. */
  async get<T>(schema: z.ZodType<T>, parts: readonly string[], query: Query = {}): Promise<T> {
    return this.parse(schema, await this.ok('GET', parts, { query }), parts)
  }

  /** Like `get`, but a 404 is null. */
  async find<T>(schema: z.ZodType<T>, parts: readonly string[], query: Query = {}): Promise<T | null> {
    if (!parts.every(isPart)) return null
    const answer = await this.send('GET', parts, { query })
    if (answer.status === 404 || answer.status === 204) return null
    return this.parse(schema, this.#checked('GET', parts, answer), parts)
  }

  async ok(
    method: string,
    parts: readonly string[],
    rest: { readonly query?: Query; readonly body?: unknown } = {},
  ): Promise<Answer> {
    return this.#checked(method, parts, await this.send(method, parts, rest))
  }

  parse<T>(schema: z.ZodType<T>, answer: Answer, parts: readonly string[]): T {
    let value: unknown
    try {
      value = JSON.parse(answer.text)
    } catch {
      throw new ForgeError('forge-broken', `the forge's answer about ${this.#name(parts)} is no JSON`)
    }
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const [issue] = parsed.error.issues
    const why = `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim()
    throw new ForgeError('forge-broken', this.masker.mask(`the forge's answer about ${this.#name(parts)}: ${why}`))
  }

  /** Whatever it answers but 429 and 5xx, which are ForgeError `forge-gone`. Throws `forge-missing` for a part that can be no name. */
  async send(
    method: string,
    parts: readonly string[],
    { query = {}, body }: { readonly query?: Query; readonly body?: unknown } = {},
  ): Promise<Answer> {
    const url = this.#url(parts, query)
    const own = new AbortController()
    const over = new AbortController()
    void this.#clock.sleep(this.#timeoutMs, over.signal).then(
      () => own.abort(new Error(`no whole answer within ${this.#timeoutMs} ms`)),
      () => undefined,
    )
    try {
      const begun = performance.now()
      const response = await this.#fetch(url, {
        method,
        redirect: 'manual',
        signal: own.signal,
        headers: {
          accept: 'application/json',
          authorization: `token ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const bytes = await readBounded(response.body, this.#maxBytes, () => new TooLargeError(this.#maxBytes))
      const ms = Math.round(performance.now() - begun)
      debug('call answered', { method, path: parts.join('/'), status: response.status, bytes: bytes.length, ms })
      const text = bytes.toString('utf8')
      const answer = { status: response.status, text, total: count(response.headers.get('x-total-count')) }
      if (answer.status !== 429 && answer.status < 500) return answer
      throw errorOf(`${method} ${this.#name(parts)}`, answer, this.masker, {
        retryAfter: response.headers.get('retry-after'),
        now: this.#clock.now(),
      })
    } catch (error) {
      if (error instanceof ForgeError) throw error
      const why = own.signal.aborted ? own.signal.reason : error instanceof Error && error.cause ? error.cause : error
      debug('call failed', { method, path: parts.join('/'), error: messageOf(why) })
      throw new ForgeError('forge-gone', this.masker.mask(`${method} ${this.#name(parts)}: ${messageOf(why)}`))
    } finally {
      over.abort()
    }
  }

  #checked(method: string, parts: readonly string[], answer: Answer): Answer {
    if (answer.status >= 200 && answer.status < 300) return answer
    throw errorOf(`${method} ${this.#name(parts)}`, answer, this.masker)
  }

  #url(parts: readonly string[], query: Query): string {
    if (!parts.every(isPart)) throw new ForgeError('forge-missing', `no such thing at the forge: ${this.#name(parts)}`)
    const search = new URLSearchParams(
      Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
    ).toString()
    return `${this.baseUrl}/api/v1/${parts.map(encodeURIComponent).join('/')}${search && `?${search}`}`
  }

  #name(parts: readonly string[]): string {
    return this.masker.mask(JSON.stringify(parts.join('/').slice(0, 200)).slice(1, -1))
  }
}

/** `.` and `..` would climb, whatever they are encoded as; a lone surrogate cannot be encoded; a NUL no forge knows. */
function isPart(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && part.isWellFormed() && !part.includes('\0')
}

function count(header: string | null): number | null {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) : null
}
