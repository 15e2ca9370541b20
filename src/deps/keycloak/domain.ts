import type { EdgeAddress } from '../../edge/address.ts'
import { SHARED_HOSTS } from '../../edge/shared-hosts.ts'
import { fromEnvironment } from '../../lib/environment.ts'
import { InfraError } from '../../lib/errors.ts'

/**
 * The one host name of Keycloak, for browsers and containers alike. Behind a foreign Traefik only its operator can make a name lead there:
 * CC_CI_KEYCLOAK_DOMAIN. Throws InfraError `keycloak-domain-missing`.
 */
export function keycloakDomain(edge: EdgeAddress): string {
  const named = fromEnvironment('CC_CI_KEYCLOAK_DOMAIN')
  if (named) return named
  if (edge.apiPort !== null) return SHARED_HOSTS.keycloak
  throw new InfraError(
    'keycloak-domain-missing',
    'Keycloak needs a host name that leads to the Traefik of CC_CI_EDGE',
    {
      hint: 'Set CC_CI_KEYCLOAK_DOMAIN to one that browsers and containers resolve to it.',
    },
  )
}
