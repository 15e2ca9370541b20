import { createHash } from 'node:crypto'
import { ENTRY_POINTS } from '../lib/entry-points.ts'
import { InfraError } from '../lib/errors.ts'
import type { EdgeAddress } from './address.ts'
import { callEdge, type EdgeCall } from './call.ts'

/** The name in the certificate under which the edge's API is asked; no name server knows it. */
const API_HOST = 'cc-ci-edge.ci.test'
const API_USER = 'cc-ci'
const ASK_DEADLINE_MS = 5000

/**
 * What has Traefik serve its API, as a part of its file of settings. The entry point listens on every address of the container, and apps are
 * in one of its networks: whoever does not know the key learns nothing. Over TLS, because others may listen in these networks.
 * The hash is one round of SHA-1, as Traefik checks it on every request: the key is 256 random bits, which nobody guesses.
 */
export function apiSettings(key: string): string {
  const hash = createHash('sha1').update(key).digest('base64')
  return `http:
  routers:
    cc-ci-api:
      entryPoints: [${ENTRY_POINTS.api}]
      rule: Host(\`${API_HOST}\`) && PathPrefix(\`/api\`)
      middlewares: [cc-ci-key]
      service: api@internal
      tls: {}
  middlewares:
    cc-ci-key:
      basicAuth: { users: ['${API_USER}:{SHA}${hash}'], removeHeader: true }
`
}

/**
 * Asks the API of the edge, and understands the answer by `parse`. Throws InfraError `edge-silent` when there is none, or another; the cause has
 * the status, Node's words, or what was not understood.
 */
export async function queryApi<T>(edge: EdgeAddress, path: string, parse: (answer: unknown) => T): Promise<T> {
  try {
    const { status, body } = await callEdge({
      ...whereApi(edge),
      method: 'GET',
      path,
      signal: AbortSignal.timeout(ASK_DEADLINE_MS),
    })
    if (status !== 200) throw new InfraError('edge-silent', `status ${status} of ${path}`)
    return parse(JSON.parse(body))
  } catch (error) {
    throw new InfraError('edge-silent', 'the edge did not say which routes it has', {
      cause: error,
      hint: edge.foreignApi ? 'See whether CC_CI_EDGE_API is right.' : "'cc-ci doctor' looks at it.",
    })
  }
}

/** True where the edge can be asked which routes it has. */
export function hasApi(edge: EdgeAddress): boolean {
  return edge.apiPort !== null || Boolean(edge.foreignApi)
}

/** Our own answers on a port of its own; an operator's by the name of the dashboard, where the apps are, or on a port of this machine. */
function whereApi(edge: EdgeAddress): Pick<EdgeCall, 'edge' | 'domain' | 'headers' | 'plainPort'> {
  if (!edge.foreignApi) {
    const headers = allowing(API_USER, edge.apiKey ?? '')
    return { edge: { ...edge, httpsPort: edge.apiPort ?? 0 }, domain: API_HOST, headers }
  }
  const { protocol, hostname, port, username, password } = new URL(edge.foreignApi)
  const headers = username === '' ? {} : allowing(decodeURIComponent(username), decodeURIComponent(password))
  if (protocol === 'https:') return { edge, domain: hostname, headers }
  return {
    edge: { ...edge, host: hostname.replace(/^\[|\]$/g, '') },
    domain: hostname,
    headers,
    plainPort: Number(port || 80),
  }
}

function allowing(user: string, password: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
