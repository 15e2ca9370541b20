/**
 * Host names of what the machine shares. On the network `proxy` they lead to the edge: containers reach it under the browser's own address,
 * as OpenID wants it. The edge's certificate covers them.
 */
export const SHARED_HOSTS = { keycloak: 'keycloak.ci.test' } as const
