// cspell:ignore letrec traefi
import fc from 'fast-check'

/** What one app asks of the edge. */
export interface Asking {
  readonly domain: string
  readonly stack: string
  readonly labels: Readonly<Record<string, string>>
}

/** Names at an edge that no app under test may answer for. */
export const FOREIGN_HOSTS = [
  'keycloak.ci.test',
  'KEYCLOAK.ci.test.',
  'other-9z9z9z.ci.test',
  'ci.test',
  'cc-ci-edge',
  'localhost',
  'shop.of-a-person.coop',
]

/** What an app of an operator's is called at their own edge: others may know it. */
export const OPERATORS_NAME = 'gitea_of_a_person_coop_app'

/** Spellings of a host in a rule, which are all one to Traefik. */
function literal(host: string): fc.Arbitrary<string> {
  const escaped = (spelt: (code: number) => string) =>
    fc.nat({ max: Math.max(0, host.length - 1) }).map((at) => {
      const code = host.charCodeAt(at) || 120
      return `"${host.slice(0, at)}${spelt(code)}${host.slice(at + 1)}"`
    })
  const pad = (code: number, base: number, width: number) => code.toString(base).padStart(width, '0')
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(`\`${host}\``) },
    fc.constant(`"${host}"`),
    fc.constant(`'${host}'`),
    fc.nat({ max: host.length }).map((at) => `\`${host.slice(0, at)}\r${host.slice(at)}\``),
    escaped((code) => `\\x${pad(code, 16, 2)}`),
    escaped((code) => `\\${pad(code, 8, 3)}`),
    escaped((code) => `\\u${pad(code, 16, 4)}`),
    escaped((code) => `\\U${pad(code, 16, 8)}`),
  )
}

function hosts(domain: string): fc.Arbitrary<string> {
  const own = [domain, domain.toUpperCase(), `${domain}.`, `www.${domain}`, 'shop.example.org']
  const foreign = [...FOREIGN_HOSTS, 'keycloak.ci.test.', '*', '*.ci.test', '', `x${domain}`, `${domain}.coop`]
  return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...own) }, fc.constantFrom(...foreign))
}

function patterns(domain: string): fc.Arbitrary<string> {
  const plain = domain.replaceAll('.', '\\.')
  return fc.constantFrom(
    `^.+\\.${plain}$`,
    `^${plain}$`,
    `{sub:[a-z]+}.${domain}`,
    `^(www|m)\\.${plain}$`,
    '.*',
    '^.+$',
    `.*|${domain}`,
    `(.*)|^${plain}$`,
    `[a-z]*(${plain})?`,
    `\\Q(\\E.+|\\Q)\\E${domain}`,
    '^[a-z]+\\.ci\\.test$',
    '{any:.*}',
  )
}

function rules(domain: string, of: 'Host' | 'HostSNI'): fc.Arbitrary<string> {
  const list = (values: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.array(values, { minLength: 1, maxLength: 2 }), fc.constantFrom(', ', ',', ', ', ' , ', ' ', ', /* */ '))
      .chain(([all, by]) => {
        const usual = fc.constantFrom(all.join(by), `${all.join(by)},`)
        return fc.oneof({ weight: 6, arbitrary: usual }, fc.constant(`${all.join(by)}...`))
      })
  const named = (name: string, values: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.constantFrom(name, name, name.toLowerCase(), name.toUpperCase()), list(values))
      .map(([word, inside]) => `${word}(${inside})`)
  const matcher = fc.oneof(
    { weight: 6, arbitrary: named(of, hosts(domain).chain(literal)) },
    {
      weight: 2,
      arbitrary: named(
        `${of}Regexp`,
        patterns(domain).map((pattern) => `\`${pattern}\``),
      ),
    },
    { weight: 2, arbitrary: fc.constantFrom('ClientIP(`0.0.0.0/0`)', 'ClientIP(`10.9.9.9`)') },
    {
      weight: of === 'Host' ? 2 : 0,
      arbitrary: fc.constantFrom('PathPrefix(`/`)', 'Path(`/x`)', 'Method(`GET`)', 'Header(`X-A`,`b`)'),
    },
  )
  const { rule } = fc.letrec<{ rule: string }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 5, arbitrary: matcher },
      { weight: 2, arbitrary: fc.tuple(tie('rule'), tie('rule')).map(([a, b]) => `${a} && ${b}`) },
      { weight: 2, arbitrary: fc.tuple(tie('rule'), tie('rule')).map(([a, b]) => `${a} || ${b}`) },
      { weight: 1, arbitrary: tie('rule').map((inside) => `(${inside})`) },
      { weight: 1, arbitrary: tie('rule').map((inside) => `!${inside}`) },
      { weight: 1, arbitrary: tie('rule').map((inside) => `!(${inside})`) },
    ),
  }))
  return rule
}

/** Spellings of `traefik.<protocol>.routers.<name>.<option>`, most of them the usual one. */
function key(protocol: string, name: string, option: string): fc.Arbitrary<string> {
  const usual = `traefik.${protocol}.routers.${name}.${option}`
  return fc.oneof(
    { weight: 9, arbitrary: fc.constant(usual) },
    fc.constantFrom(
      usual.replace('routers', 'Routers').replace(option, option.toUpperCase()),
      usual.replace(`.${name}`, `[${name}]`),
      usual.replace(`.${option}`, `[${option}]`),
      usual.replace(name, name.toUpperCase()),
      usual.replace('traefik', 'traefi\u212a'),
      usual.replace('traefik', 'TRAEFIK'),
      usual.replace('routers', 'router'),
      ` ${usual}`,
      `${usual} `,
      usual.replace('.routers', '..routers'),
      usual.replace('traefik.', 'traefik[').replace('.routers', '].routers'),
    ),
  )
}

/** All that one app may write, good and bad; `stack` keeps the names of different apps apart. */
export function askings(domain: string, stack: string): fc.Arbitrary<Asking> {
  const label = (at: fc.Arbitrary<string>, value: fc.Arbitrary<string>) =>
    fc.tuple(at, value).map(([name, text]) => ({ [name]: text }))
  const maybe = (one: fc.Arbitrary<Record<string, string>>) => fc.oneof(fc.constant({}), fc.constant({}), one)
  const entryPoints = fc.constantFrom('web', 'web-secure', 'web, ssh', 'ssh', ' WEB', 'traefik', '', 'ssh\u0085,ssh')
  const ports = fc.oneof(
    { weight: 5, arbitrary: fc.constant('8080') },
    fc.constantFrom('web', '8080 ', '80@127.0.0.1:8080', '80@127.0.0.1:8080/', '80/../x', '80?', '80#x', '-1'),
  )
  const schemes = fc.constantFrom('http', 'HTTPS', 'h2c', '', 'http://127.0.0.1:8080/?', 'http://127.0.0.1:8080#', 'x')
  const asking = (protocol: 'http' | 'tcp', name: string) =>
    fc
      .tuple(
        label(key(protocol, name, 'rule'), rules(domain, protocol === 'http' ? 'Host' : 'HostSNI')),
        maybe(label(key(protocol, name, 'entrypoints'), entryPoints)),
        maybe(label(key(protocol, name, 'priority'), fc.constantFrom('1000000', '9223372036854774000', '-1', ''))),
        maybe(label(key(protocol, name, 'rulesyntax'), fc.constantFrom('v2', 'v3'))),
        maybe(label(key(protocol, name, 'service'), fc.constantFrom(name, 'api@internal', 'noop@internal'))),
        label(fc.constant(`traefik.${protocol}.services.${name}.loadbalancer.server.port`), ports),
        protocol === 'http'
          ? maybe(label(fc.constant(`traefik.http.services.${name}.loadbalancer.server.scheme`), schemes))
          : fc.constant({}),
        maybe(fc.constant({ [`traefik.${protocol}.routers.${name}.tls`]: 'true' })),
      )
      .map((all): Asking => ({ domain, stack, labels: Object.assign({}, ...all) }))
  const named = fc.oneof({ weight: 12, arbitrary: fc.constant(stack) }, fc.constant(OPERATORS_NAME))
  const protocol = fc.oneof({ weight: 3, arbitrary: fc.constant('http' as const) }, fc.constant('tcp' as const))
  return fc.tuple(protocol, named).chain(([kind, name]) => asking(kind, name))
}
