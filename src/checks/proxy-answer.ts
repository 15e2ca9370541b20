/** Traefik's own words for its own errors, by status; apps do not send exactly these. */
const TRAEFIK = new Map([
  [404, '404 page not found'],
  [502, 'Bad Gateway'],
  [503, 'no available server'],
  [504, 'Gateway Timeout'],
])

/**
 * What the proxy said in the app's place: `no-router` (404), `no-server` (502, 503, 504: a router, but nobody behind it), or
 * null for an answer of the app. Programs written in Go send the very same 404, so pass `routed: true` when the edge's
 * routing table shows a router for the domain: then a 404 is the app's.
 */
export function proxyAnswer(
  answer: { readonly status: number; readonly body: string },
  routed: boolean,
): 'no-router' | 'no-server' | null {
  const text = answer.body.slice(0, 200).trim()
  const isOwn = text === TRAEFIK.get(answer.status) || (answer.status === 503 && text === 'Service Unavailable')
  if (!isOwn) return null
  if (answer.status !== 404) return 'no-server'
  return routed ? null : 'no-router'
}
