import { callEdge, type EdgeReply } from '../../edge/call.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import type { ProviderHost } from '../provider.ts'
import { keycloakDomain } from './domain.ts'

export const DISCOVERY = '/.well-known/openid-configuration'

const ROUTE_DEADLINE_MS = 60_000

export interface KeycloakRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Any answer of Keycloak, or of the edge in its place. Throws InfraError `keycloak-silent` without one. */
export async function requestKeycloak({ edge, signal }: ProviderHost, request: KeycloakRequest): Promise<EdgeReply> {
  const domain = keycloakDomain(edge)
  try {
    return await callEdge({ edge, domain, signal, ...request })
  } catch (error) {
    signal.throwIfAborted()
    throw new InfraError('keycloak-silent', `no answer from https://${domain}${request.path}: ${messageOf(error)}`, {
      cause: error,
      hint: "Run 'cc-ci doctor': it looks at the edge. Behind a foreign one, CC_CI_EDGE_CA must name its authority.",
    })
  }
}

/** Waits until it is routed, which a task that runs is not yet. Throws InfraError `dep-not-up`. */
export async function awaitKeycloak(host: ProviderHost): Promise<void> {
  const waited = await waitFor<true, never>(
    async () => {
      const { status, body } = await requestKeycloak(host, { method: 'GET', path: `/realms/master${DISCOVERY}` })
      if (status === 200) return { state: 'ready', value: true }
      return { state: 'waiting', reason: `${status} ${body.slice(0, 80).trim()}` }
    },
    { name: 'Keycloak to answer through the edge', timeoutMs: ROUTE_DEADLINE_MS, everyMs: 200, signal: host.signal },
  )
  if (waited.state === 'ready') return
  throw new InfraError(
    'dep-not-up',
    `Keycloak runs, but does not answer through the edge: ${waited.state === 'deadline' ? waited.lastSeen : ''}`,
    {
      hint: "Run 'cc-ci doctor'.",
    },
  )
}
