import { z } from 'zod'
import { InfraError } from '../../lib/errors.ts'
import { withMachineLock } from '../../lib/process/machine-lock.ts'
import { isOrphan } from '../maker.ts'
import type { DependencyOutputs, ProvidedDependency, Provider, ProviderHost } from '../provider.ts'
import { loginAsAdmin } from './admin.ts'
import { keycloakDomain } from './domain.ts'
import { newRealm, type Realm, realmName, representation } from './realm.ts'
import { awaitKeycloak, DISCOVERY, requestKeycloak } from './request.ts'
import { ensureService, KEYCLOAK_SERVICE, removeService } from './service.ts'

const RELEASE_DEADLINE_MS = 90_000

/** One Keycloak a machine; a realm of its own for each run. */
export const keycloak: Provider = {
  name: 'keycloak',
  what: 'A real Keycloak (OpenID Connect): a realm of the run with one client for the app and one user who can log in.',
  outputs: {
    url: 'Where Keycloak is, without a slash at the end; the same for browser and app',
    domain: 'Its host name',
    realm: "Name of the run's realm",
    issuer: 'The issuer of its tokens: `<url>/realms/<realm>`',
    clientId: "The app's client",
    clientSecret: 'Its secret',
    discoveryUrl: 'The OpenID configuration document',
    authUrl: 'Where the browser is sent to log in',
    tokenUrl: 'Where the app turns a code into tokens',
    userinfoUrl: 'Where the app asks who logged in',
    username: 'A user of the realm',
    password: 'Their password',
    email: 'Their e-mail address, verified',
  },
  ensure: (host) =>
    withMachineLock(
      host.log,
      async () => {
        await ensureService(host)
        await awaitKeycloak(host)
      },
      'cc-ci-dep-keycloak',
    ),
  async provide(host, run) {
    const realm = newRealm(run.runId)
    const admin = await loginAsAdmin(host)
    if (!admin) throw new InfraError('dep-not-up', 'this machine has no Keycloak of cc-ci any more')
    // Keycloak ends what it began, also a request whose answer nobody waited for any more.
    await admin.call('DELETE', `/${encodeURIComponent(realm.name)}`, { allow: [404] })
    await admin.call('POST', '', { body: representation(realm, run) })
    const outputs = outputsOf(host, realm)
    return { ...outputs, ...actsOf(host, outputs), release: () => keycloak.release(host, run) }
  },
  attach: (host, _, outputs) => ({ ...outputs, ...actsOf(host, outputs), release: async () => {} }),
  async release(host, { runId }) {
    const admin = await loginAsAdmin({ ...host, signal: AbortSignal.timeout(RELEASE_DEADLINE_MS) })
    await admin?.call('DELETE', `/${encodeURIComponent(realmName(runId))}`, { allow: [404] })
  },
  async sweep(host) {
    const admin = await loginAsAdmin(host)
    if (!admin) return []
    const all = realms.parse(await admin.call('GET', ''))
    const dead = all.filter(({ attributes }) => isOrphan(attributes ?? {}))
    for (const { realm } of dead) await admin.call('DELETE', `/${encodeURIComponent(realm)}`, { allow: [404] })
    return dead.map(({ realm }) => `realm ${realm} of Keycloak`)
  },
  remove: removeService,
}

const realms = z.array(z.object({ realm: z.string(), attributes: z.record(z.string(), z.string()).nullish() }))

function outputsOf(host: ProviderHost, realm: Realm): DependencyOutputs {
  const domain = keycloakDomain(host.edge)
  const url = `https://${domain}`
  const issuer = `${url}/realms/${realm.name}`
  const endpoints = `${issuer}/protocol/openid-connect`
  const { name, ...credentials } = realm
  return {
    credentials: {
      url,
      domain,
      realm: name,
      issuer,
      discoveryUrl: `${issuer}${DISCOVERY}`,
      authUrl: `${endpoints}/auth`,
      tokenUrl: `${endpoints}/token`,
      userinfoUrl: `${endpoints}/userinfo`,
      ...credentials,
    },
    secrets: [realm.clientSecret, realm.password],
    reach: { stack: KEYCLOAK_SERVICE, domain },
    authority: host.edge.ca,
  }
}

function actsOf(host: ProviderHost, { credentials }: DependencyOutputs): Pick<ProvidedDependency, 'calls' | 'health'> {
  return { calls: {}, health: () => healthOf(host, credentials.realm ?? '', credentials.issuer ?? '') }
}

async function healthOf(host: ProviderHost, realm: string, issuer: string): Promise<void> {
  const { status, body } = await requestKeycloak(host, { method: 'GET', path: `/realms/${realm}${DISCOVERY}` })
  if (status === 200 && z.object({ issuer: z.string() }).parse(JSON.parse(body)).issuer === issuer) return
  throw new InfraError('dep-unhealthy', `Keycloak answered ${status} for realm ${realm}: ${body.slice(0, 300)}`, {
    hint: 'It forgets realms when its container ends; the run has to start over.',
  })
}
