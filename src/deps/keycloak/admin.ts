import { z } from 'zod'
import { callEdge, type EdgeReply } from '../../edge/call.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import type { ProviderHost } from '../provider.ts'
import { keycloakDomain } from './domain.ts'
import { ADMIN_USER, adminPassword } from './service.ts'

/** Keycloak's admin API, logged in for a minute. */
export interface Admin {
  /** Gives the parsed answer, null for an empty one. A status outside 2xx and `allow` is InfraError `keycloak-refused`. */
  call(method: 'GET' | 'POST' | 'DELETE', path: string, options?: AdminCallOptions): Promise<unknown>
}

interface AdminCallOptions {
  readonly body?: object
  readonly allow?: readonly number[]
}

const REALMS = '/admin/realms'

/** Null when this machine has no Keycloak of ours. */
export async function loginAsAdmin(host: ProviderHost): Promise<Admin | null> {
  const password = await adminPassword(host.engine)
  if (password === null) return null
  const token = await tokenFor(host, password)
  return {
    async call(method, path, { body, allow = [] } = {}) {
      const reply = await askKeycloak(host, {
        method,
        path: `${REALMS}${path}`,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      if (!isFine(reply) && !allow.includes(reply.status)) throw refused(`${method} ${REALMS}${path}`, reply)
      return reply.body === '' ? null : JSON.parse(reply.body)
    },
  }
}

export interface KeycloakRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Any answer of Keycloak, or of the edge in its place. Throws InfraError `keycloak-silent` without one. */
export async function askKeycloak({ edge, signal }: ProviderHost, asked: KeycloakRequest): Promise<EdgeReply> {
  const domain = keycloakDomain(edge)
  try {
    return await callEdge({ edge, domain, signal, ...asked })
  } catch (error) {
    signal.throwIfAborted()
    throw new InfraError('keycloak-silent', `no answer from https://${domain}${asked.path}: ${messageOf(error)}`, {
      cause: error,
      hint: "Run 'cc-ci doctor': it looks at the edge. Behind a foreign one, CC_CI_EDGE_CA must name its authority.",
    })
  }
}

async function tokenFor(host: ProviderHost, password: string): Promise<string> {
  const path = '/realms/master/protocol/openid-connect/token'
  const form = { grant_type: 'password', client_id: 'admin-cli', username: ADMIN_USER, password }
  const reply = await askKeycloak(host, {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  })
  if (!isFine(reply)) throw refused(`POST ${path}`, reply)
  return z.object({ access_token: z.string() }).parse(JSON.parse(reply.body)).access_token
}

function isFine({ status }: EdgeReply): boolean {
  return status >= 200 && status < 300
}

function refused(what: string, { status, body }: EdgeReply): InfraError {
  return new InfraError('keycloak-refused', `Keycloak answered ${status} to ${what}: ${body.slice(0, 300)}`, {
    hint: "'cc-ci engine down' removes it; the next run starts it anew.",
  })
}
