import { z } from 'zod'
import type { EdgeReply } from '../../edge/call.ts'
import { InfraError } from '../../lib/errors.ts'
import type { ProviderHost } from '../provider.ts'
import { awaitKeycloak, requestKeycloak } from './request.ts'
import { ADMIN_USER, adminPassword, isUp } from './service.ts'

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

/** Null when no Keycloak of ours is up on this machine: then there are no realms either, they live and die with its container. */
export async function loginAsAdmin(host: ProviderHost): Promise<Admin | null> {
  const password = await adminPassword(host.engine)
  if (password === null || !(await isUp(host.engine))) return null
  await awaitKeycloak(host)
  const token = await tokenFor(host, password)
  return {
    async call(method, path, { body, allow = [] } = {}) {
      const reply = await requestKeycloak(host, {
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

async function tokenFor(host: ProviderHost, password: string): Promise<string> {
  const path = '/realms/master/protocol/openid-connect/token'
  const form = { grant_type: 'password', client_id: 'admin-cli', username: ADMIN_USER, password }
  const reply = await requestKeycloak(host, {
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
    hint: "'cc-ci engine down' removes it; the next run starts it again.",
  })
}
