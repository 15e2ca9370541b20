// cspell:ignore nosniff
import type { MiddlewareHandler } from 'hono'
import type {} from 'hono/request-id'
import { randomId } from '../../../lib/ids.ts'

/** Of answers that are no page (`sendPage` has a policy of its own): no script, no style but the server's own, no frame, forms to here only. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

const SHARING = 'cross-origin-resource-policy'
const HEADERS = {
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: with it a browser sends our own forms with `Origin: null`, and none would be taken.
  'referrer-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** Headers of every answer, with a request id that the log has too. A route's own policies and cache-control stay. */
export function securityHeaders({ https }: { readonly https: boolean }): MiddlewareHandler {
  return async (c, next) => {
    const id = randomId(12)
    c.set('requestId', id)
    await next()
    const { headers } = c.res
    for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value)
    // What forges show inside their pages: badges and pictures.
    if (!headers.has(SHARING)) headers.set(SHARING, 'same-origin')
    headers.set('x-request-id', id)
    if (https) headers.set('strict-transport-security', 'max-age=31536000')
    if (!headers.has('content-security-policy')) headers.set('content-security-policy', PAGE_POLICY)
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
  }
}
