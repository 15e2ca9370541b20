/** Somebody with an account on the test forge. */
export interface Account {
  readonly login: string
  readonly password: string
  readonly token: string
}

class GiteaCallError extends Error {
  readonly status: number
  constructor(what: string, status: number, text: string) {
    super(`${what}: ${status} ${text.slice(0, 500)}`)
    this.status = status
  }
}

export type Json = Record<string, unknown>

/** One call of the API as this account; the answer as it is. */
export async function callRaw(
  url: string,
  as: Account | null,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  return fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      ...(as ? { authorization: as.token ? `token ${as.token}` : basic(as) } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    redirect: 'manual',
  })
}

/** One call of the API as this account; throws GiteaCallError for whatever is no 2xx. An empty answer is null. */
export async function call<T = Json>(
  url: string,
  as: Account | null,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const answer = await callRaw(url, as, method, path, body)
  const text = await answer.text()
  if (!answer.ok) throw new GiteaCallError(`${method} ${path}`, answer.status, text)
  return (text ? JSON.parse(text) : null) as T
}

export function basic({ login, password }: Pick<Account, 'login' | 'password'>): string {
  return `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`
}
