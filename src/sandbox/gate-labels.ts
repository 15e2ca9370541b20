import type { ServiceState } from '../engine/types.ts'

/**
 * Labels that only route to the service that carries them. Whatever else Traefik understands may lead it to an address of the recipe's choice
 * (the URL of a server, an address to ask for permission), and the gate stands with one foot outside the sandbox.
 */
const HARMLESS = [
  /^traefik\.enable$/,
  /^traefik\.(docker|swarm)\.(network|lbswarm)$/,
  /^traefik\.http\.routers\.[^.]+\.(rule|rulesyntax|entrypoints|priority|middlewares|service|tls(\..+)?)$/,
  /^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.(port|scheme)$/,
  /^traefik\.http\.services\.[^.]+\.loadbalancer\.healthcheck\.(interval|timeout|status)$/,
  /^traefik\.http\.services\.[^.]+\.loadbalancer\.(passhostheader|strategy|sticky(\..+)?|responseforwarding\..+)$/,
  /^traefik\.http\.middlewares\.[^.]+\.(addprefix|basicauth|buffering|chain|compress|contenttype|digestauth|headers|inflightreq|ipallowlist|ipwhitelist|ratelimit|redirectregex|redirectscheme|replacepath|replacepathregex|retry|stripprefix|stripprefixregex)(\..+)?$/,
  /^traefik\.(tcp|udp)\.routers\.[^.]+\.(rule|entrypoints|priority|service|tls(\..+)?)$/,
  /^traefik\.(tcp|udp)\.services\.[^.]+\.loadbalancer\.(server\.port|proxyprotocol(\.version)?)$/,
]
/** Relative to the service: `//elsewhere/` would be another host. */
const HEALTH_PATH = /^traefik\.http\.services\.[^.]+\.loadbalancer\.healthcheck\.path$/

/** The labels of these services with which the gate must not run, as `service: label`. */
export function refusedLabels(services: readonly ServiceState[]): string[] {
  return services.flatMap(({ service, labels }) =>
    Object.entries(labels)
      .filter(([label, value]) => /^traefik\./i.test(label) && !isHarmless(label.toLowerCase(), value))
      .map(([label]) => `${service}: ${label}`),
  )
}

function isHarmless(label: string, value: string): boolean {
  if (HEALTH_PATH.test(label)) return /^\/(?![\\/])/.test(value)
  return HARMLESS.some((pattern) => pattern.test(label))
}
