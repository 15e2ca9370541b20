// The names are Traefik's own, some of them misspelt.
// cspell:disable
import { describe, expect, it } from 'vitest'
import { labelProblem } from '../../../src/recipe/traefik/label-problem.ts'

describe('labels that Traefik knows', () => {
  it.each([
    'traefik.enable',
    'traefik.docker.network',
    'traefik.swarm.network',
    'traefik.docker.lbswarm',
    'traefik.http.routers.x.rule',
    'Traefik.HTTP.Routers.X.EntryPoints',
    'traefik.http.routers.x.tls',
    'traefik.http.routers.x.tls.certresolver',
    'traefik.http.routers.x.tls.domains[0].main',
    'traefik.http.routers.x.tls.domains[10].sans',
    'traefik.http.routers.x.ruleSyntax',
    'traefik.http.routers.x.observability.accessLogs',
    'traefik.http.services.x.loadbalancer.server.port',
    'traefik.http.services.x.loadbalancer.sticky.cookie.httpOnly',
    'traefik.http.services.x.loadbalancer.sticky.cookie',
    'traefik.http.services.x.loadbalancer.healthcheck.headers.X-Any-Name',
    'traefik.http.middlewares.x.headers.customrequestheaders.X-Forwarded-Proto',
    'traefik.http.middlewares.x.headers.sslredirect',
    'traefik.http.middlewares.x.ipwhitelist.sourcerange',
    'traefik.http.middlewares.x.redirectscheme.scheme',
    'traefik.http.middlewares.x.plugin.geo.blocks[0].anything.below',
    'traefik.tcp.routers.x.tls.passthrough',
    'traefik.tcp.services.x.loadbalancer.proxyprotocol.version',
    'traefik.udp.services.x.loadbalancer.server.port',
    'coop-cloud.x.version',
    'traefik-public.anything',
    'traefik.constraint-label',
    'traefik.something.of.somebody',
    'traefik',
  ])('%s', (label) => {
    expect(labelProblem(label)).toBeNull()
  })
})

describe('labels that it does not know', () => {
  it.each<[label: string, severity: string, says: RegExp]>([
    ['traefik.http.router.x.rule', 'error', /"router" after traefik\.http.*Did you mean "routers"\?$/],
    ['traefik.http.routers.x.entrypoint', 'error', /Did you mean "entrypoints"/],
    ['traefik.http.routers.x.EntryPoint', 'error', /"EntryPoint".*Did you mean "entrypoints"/],
    ['traefik.http.routers.x.tls.certresolvers', 'error', /Did you mean "certresolver"/],
    ['traefik.http.services.x.loadbalancer.port', 'error', /"port" after traefik\.http\.services\.x\.loadbalancer/],
    ['traefik.http.services.x.loadbalancer.server.ports', 'error', /Did you mean "port"/],
    ['traefik.http.routers.my.app.rule', 'error', /The name "my\.app" must not have a dot/],
    ['traefik.http.routers..rule', 'error', /nothing between two dots after traefik\.http\.routers/],
    ['traefik.htp.routers.x.rule', 'error', /Did you mean "http"/],
    ['traefik.enabled', 'error', /Did you mean "enable"/],
    ['traefik.docker.netwrok', 'error', /Did you mean "network"/],
    ['traefik.http.middlewares.x.redirectsheme.scheme', 'error', /Did you mean "redirectscheme"/],
    ['traefik.tcp.routers.x.rules', 'error', /Did you mean "rule"/],
    ['traefik.udp.routers.x.rule', 'error', /"rule" after traefik\.udp\.routers\.x/],
    ['traefik.http.middlewares.x.of-tomorrow.option', 'warning', /"of-tomorrow"/],
    ['traefik.http.middlewares.x.headers.stsSecond', 'warning', /Did you mean "stsseconds"/],
    ['traefik.http.middlewares.x.headers.accesscontrolalloworigin', 'warning', /accesscontrolalloworiginlist/],
    ['traefik.frontend.rule', 'warning', /"frontend"/],
    ['traefik.port', 'warning', /"port"/],
  ])('%s', (label, severity, says) => {
    expect(labelProblem(label)).toMatchObject({ severity, message: expect.stringMatching(says) })
  })
})
