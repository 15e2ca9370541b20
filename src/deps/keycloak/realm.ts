import { randomBytes } from 'node:crypto'
import { madeBy } from '../maker.ts'
import type { ProviderRun } from '../provider.ts'

/** What the realm of a run holds: one client for the app, one person who can log in. */
export interface Realm {
  readonly name: string
  readonly clientId: string
  readonly clientSecret: string
  readonly username: string
  readonly password: string
  readonly email: string
}

const PREFIX = 'cc-ci-'

export function realmName(runId: string): string {
  return `${PREFIX}${runId}`
}

export function newRealm(runId: string): Realm {
  const random = (bytes: number) => randomBytes(bytes).toString('hex')
  const username = `member-${random(3)}`
  return {
    name: realmName(runId),
    clientId: 'app',
    clientSecret: random(24),
    username,
    password: random(16),
    email: `${username}@example.org`,
  }
}

/** The realm in the words of Keycloak's admin API: made by one request, so that there is no half of one. */
export function representation(realm: Realm, run: ProviderRun): object {
  return {
    realm: realm.name,
    enabled: true,
    loginTheme: 'keycloak',
    attributes: madeBy(run),
    clients: [
      {
        clientId: realm.clientId,
        secret: realm.clientSecret,
        protocol: 'openid-connect',
        publicClient: false,
        standardFlowEnabled: true,
        directAccessGrantsEnabled: true,
        redirectUris: [`https://${run.domain}/*`],
        webOrigins: [`https://${run.domain}`],
        attributes: { 'post.logout.redirect.uris': '+' },
      },
    ],
    users: [
      {
        username: realm.username,
        email: realm.email,
        emailVerified: true,
        enabled: true,
        // Without a full name the first login asks for one.
        firstName: 'Robin',
        lastName: 'Member',
        credentials: [{ type: 'password', value: realm.password, temporary: false }],
      },
    ],
  }
}
