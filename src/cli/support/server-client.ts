import { z } from 'zod'
import { fromEnvironment } from '../../lib/environment.ts'
import { InfraError, messageOf, UsageError } from '../../lib/errors.ts'
import { readTokenFile, serverUrl } from '../../server/server-address.ts'

const DEADLINE_MS = 30_000
const MAX_BYTES = 16 * 1024 ** 2

export interface ServerOptions {
  readonly server?: string
  readonly tokenFile?: string
}

const errorShape = z.object({ error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }) })

/** Calls of a server's API as its operator: --server, else CC_CI_SERVER; the token of --token-file, else CC_CI_OPERATOR_TOKEN. */
export class ServerClient {
  readonly #url: string
  readonly #token: string | null

  constructor(options: ServerOptions, env: Readonly<Record<string, string | undefined>> = process.env) {
    const url = options.server ?? fromEnvironment('CC_CI_SERVER', env)
    if (!url) {
      throw new UsageError('no-server', 'no server is named', {
        hint: 'Say --server https://ci.example.org, or set CC_CI_SERVER.',
      })
    }
    this.#url = serverUrl(url)
    this.#token = options.tokenFile ? readTokenFile(options.tokenFile) : fromEnvironment('CC_CI_OPERATOR_TOKEN', env)
  }

  /** The answer by this schema. Throws UsageError with the server's own code and words, InfraError `server-gone`. */
  async call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.#fetch(method, path, body)
    if (status >= 200 && status < 300) return schema.parse(text === '' ? null : JSON.parse(text))
    const said = errorShape.safeParse(parsed(text))
    if (status === 401 || status === 403) {
      throw new UsageError('not-the-operator', `${this.#url} does not take this token as its operator's`, {
        hint: 'Give the operator token in a file with --token-file, or in CC_CI_OPERATOR_TOKEN.',
      })
    }
    if (!said.success) throw new InfraError('server-gone', `${this.#url} answered ${status}`)
    const { code, message, hint } = said.data.error
    throw status >= 500 ? new InfraError(code, message, { hint }) : new UsageError(code, message, { hint })
  }

  async #fetch(method: string, path: string, body: unknown): Promise<{ status: number; text: string }> {
    try {
      const answer = await fetch(`${this.#url}/api/v1${path}`, {
        method,
        redirect: 'error',
        signal: AbortSignal.timeout(DEADLINE_MS),
        headers: {
          ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (text.length > MAX_BYTES) throw new Error('the answer is too long')
      return { status: answer.status, text }
    } catch (error) {
      throw new InfraError('server-gone', `${this.#url} cannot be reached: ${messageOf(error)}`, {
        cause: error,
        hint: 'Is it the address of a cc-ci server, and does it run?',
      })
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
