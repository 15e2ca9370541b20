import { expect, test } from 'vitest'
import type { ServiceState } from '../../src/engine/types.ts'
import { refusedLabels } from '../../src/sandbox/gate-labels.ts'

const refused = (label: string, value: string) =>
  refusedLabels([{ service: 'app', labels: { [label]: value } } as unknown as ServiceState])

test.each([
  ['traefik.enable', 'true'],
  ['traefik.docker.network', 'proxy'],
  ['traefik.http.routers.blog.rule', 'Host(`blog.ci.test`)'],
  ['traefik.http.routers.blog.tls.certresolver', ''],
  ['traefik.http.routers.blog.entryPoints', 'web-secure'],
  ['traefik.http.services.blog.loadbalancer.server.port', '80'],
  ['traefik.http.services.blog.loadbalancer.healthcheck.path', '/healthz'],
  ['traefik.http.middlewares.blog-redirect.headers.SSLForceHost', 'true'],
  ['traefik.http.middlewares.blog.redirectscheme.scheme', 'https'],
  ['traefik.tcp.routers.talk.rule', 'HostSNI(`*`)'],
  ['traefik.udp.services.talk.loadbalancer.server.port', '64738'],
  ['backupbot.backup', 'true'],
  ['coop-cloud.stack.version', '1'],
])('%s=%s is harmless', (label, value) => expect(refused(label, value)).toEqual([]))

test.each([
  ['traefik.http.services.blog.loadbalancer.server.url', 'http://172.18.0.1:8080'],
  ['Traefik.HTTP.Services.blog.LoadBalancer.Server.URL', 'http://172.18.0.1:8080'],
  ['traefik.http.services.blog.loadbalancer.servers[0].url', 'http://172.18.0.1:8080'],
  ['traefik.http.services.blog.loadbalancer.healthcheck.path', '//172.18.0.1:8080/'],
  ['traefik.http.services.blog.loadbalancer.healthcheck.path', 'http://172.18.0.1:8080/'],
  ['traefik.http.services.blog.loadbalancer.healthcheck.port', '22'],
  ['traefik.http.middlewares.blog.forwardauth.address', 'http://172.18.0.1:8080'],
  ['traefik.http.middlewares.blog.errors.service', 'other'],
  ['traefik.http.middlewares.blog.plugin.any.url', 'http://172.18.0.1:8080'],
  ['traefik.tcp.services.talk.loadbalancer.server.address', '172.18.0.1:8080'],
  ['traefik.http.something.new', 'x'],
])('%s=%s is refused', (label, value) => expect(refused(label, value)).toEqual([`app: ${label}`]))
