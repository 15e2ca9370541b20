import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { randomId } from '../../lib/ids.ts'
import type { Page } from './pages/layout.ts'

/** A page as an answer, under a policy that allows its own script by a nonce, and no other. */
export function sendPage(c: Context, page: Page, status: ContentfulStatusCode = 200): Response {
  const nonce = randomId(24)
  c.header('content-security-policy', policyWith(nonce))
  return c.html(page(nonce).text, status) as Response
}

/** No style but the server's own, no frame, forms and calls to here only, and no script without this nonce. */
function policyWith(nonce: string): string {
  return `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`
}
