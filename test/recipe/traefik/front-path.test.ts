import { expect, it } from 'vitest'
import { frontPath, leadsTo } from '../../../src/recipe/traefik/front-path.ts'
import { httpsRules } from '../../../src/recipe/traefik/routers.ts'
import { resolved } from '../throwaway.ts'

const OWN = 'Host(`a.ci.test`)'

it.each<[path: string, ...rules: string[]]>([
  ['/', OWN],
  ['/ledger', `${OWN} && PathPrefix(\`/ledger\`)`],
  ['/ledger/', `PathPrefix("/ledger/") && Host("A.ci.test")`],
  ['/ledger', `(Host(\`www.a.ci.test\`) || ${OWN}) && (PathPrefix(\`/ledger\`) || PathPrefix(\`/books\`))`],
  ['/status', `${OWN} && Path(\`/status\`)`],
  ['/', `${OWN} && PathPrefix(\`/\`)`],
  ['/', `${OWN} && Path(\`/\`)`],
  // One with the host alone wins, wherever it stands.
  ['/', `${OWN} && PathPrefix(\`/ledger\`)`, OWN],
  ['/', `${OWN} && PathPrefix(\`/ledger\`)`, `${OWN} && !PathPrefix(\`/admin\`)`],
  ['/', `${OWN} || ${OWN} && PathPrefix(\`/ledger\`)`],
  ['/a', `${OWN} && PathPrefix(\`/a\`)`, `${OWN} && PathPrefix(\`/b\`)`],
  // Other hosts are other places.
  ['/ledger', 'Host(`www.a.ci.test`)', `${OWN} && PathPrefix(\`/ledger\`)`],
  ['/', 'Host(`www.a.ci.test`) && PathPrefix(`/ledger`)'],
  // What a plain GET does not meet.
  ['/ledger', `${OWN} && PathPrefix(\`/api\`) && Method(\`POST\`)`, `${OWN} && PathPrefix(\`/ledger\`)`],
  ['/ledger', `${OWN} && Header(\`X-A\`, \`b\`)`, `${OWN} && PathPrefix(\`/ledger\`) && Method(\`GET\`, \`POST\`)`],
  ['/books', `${OWN} && (PathPrefix(\`/ledger\`) && !Path(\`/ledger\`) || PathPrefix(\`/books\`))`],
  ['/ledger', `${OWN} && PathPrefix(\`/ledger\`) && Header(\`X-A\`, \`b\`)`],
  ['/ledger', 'HostRegexp(`^.+$`) && PathPrefix(`/ledger`)'],
  ['/', 'HostRegexp(`^.+$`)'],
  // Patterns of Traefik 3.
  ['/ledger', `${OWN} && PathRegexp(\`^/ledger\`)`],
  ['/ledger/', `${OWN} && PathRegexp(\`^/ledger(/|$)\`)`],
  ['/ledger', `${OWN} && PathRegexp(\`^/(?:ledger|books)(/.*)?$\`)`],
  ['/v0/a.b/xx', `${OWN} && PathRegexp(\`^/v\\d+/a\\.b/[^/]{2,}$\`)`],
  ['/books', `${OWN} && PathRegexp(\`^/((?i)ledger|books)\`)`],
  ['/', `${OWN} && PathRegexp(\`^/.*\`)`],
  ['/', `${OWN} && PathRegexp(\`^/(?i:ledger)\`)`],
  ['/ledger', `${OWN} && PathRegexp(\`^/(?i:api)\`)`, `${OWN} && PathPrefix(\`/ledger\`)`],
  ['/', `${OWN} && PathRegexp(\`^/(((((a{99}){99}){99}){99}){99})\`)`],
  // Traefik 2: several values, and patterns in braces.
  ['/ledger', 'Host(`www.a.ci.test`, `a.ci.test`) && PathPrefix(`/ledger`, `/books`)'],
  ['/', 'Host(`a.ci.test`) && PathPrefix(`/ledger`, `/`)'],
  ['/blog/0', `${OWN} && Path(\`/blog/{id:[0-9]+}\`)`],
  ['/x/ledger', `${OWN} && PathPrefix(\`/{tenant}/ledger\`)`],
  ['/2024.x', `${OWN} && Path(\`/{year:[2]024}.{rest:.{1,3}}\`)`],
  // No rules, or none that can be read.
  ['/'],
  ['/', ''],
  ['/', `${OWN} && PathPrefix(\`ledger\`)`],
  ['/', `${OWN} && PathPrefix(\`//b.ci.test/x\`)`],
  ['/', `${OWN} && PathPrefix(\`/\\b.ci.test\`)`],
  ['/', `${OWN} && PathPrefix(\`/ledger\``],
  ['/ledger', 'Host(`a.ci.test`', `${OWN} && PathPrefix(\`/ledger\`)`],
])('%s: %s %s', (path, ...rules) => {
  expect(frontPath(rules, 'a.ci.test')).toBe(path)
})

it('brackets without an end are no pattern', () => {
  expect(frontPath([`${OWN} && PathRegexp(\`${'('.repeat(100_000)}\`)`], 'a.ci.test')).toBe('/')
})

it('a great many paths of a stranger take no time', () => {
  const paths = Array.from({ length: 20_000 }, (_, index) => `\`/p${index}\``).join(', ')
  expect(frontPath([`${OWN} && !Path(${paths}) && Path(${paths})`], 'a.ci.test')).toBe('/')
})

it.each<[known: boolean | null, path: string]>([
  [true, '/ledger/api/health'],
  [false, '/api/health'],
  [false, '/'],
  [null, '/hidden'],
])('%s: a router leads to %s', (known, path) => {
  const rules = [`${OWN} && PathPrefix(\`/ledger\`)`, `${OWN} && PathPrefix(\`/hidden\`) && ClientIP(\`10.0.0.0/8\`)`]
  expect(leadsTo(rules, { host: 'a.ci.test', path })).toBe(known)
})

it('rules are those of routers that listen to HTTPS, the first those of the app', async () => {
  const service = (...labels: string[]) =>
    `{image: x, deploy: {labels: [${labels.map((label) => `'${label}'`).join(', ')}]}}`
  const router = (name: string, option: string) => `traefik.http.routers.${name}.${option}`
  const { stack } = await resolved({
    'compose.yml': `version: "3.8"
services:
  admin: ${service('traefik.enable=true', router('admin', 'rule=Host(`a`) && PathPrefix(`/admin`)'))}
  off: ${service('traefik.enable=false', router('off', 'rule=Host(`a`)'))}
  app: ${service(
    'traefik.enable=true',
    router('plain', 'rule=Host(`a`)'),
    router('plain', 'entryPoints=web'),
    router('both', 'rule=Host(`a`) && PathPrefix(`/ledger`)'),
    router('both', 'entrypoints=web, web-secure'),
    'traefik.tcp.routers.t.rule=HostSNI(`*`)',
  )}
`,
  })
  expect(httpsRules(stack)).toEqual(['Host(`a`) && PathPrefix(`/ledger`)', 'Host(`a`) && PathPrefix(`/admin`)'])
})
