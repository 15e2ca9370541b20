import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ComposeModel, ComposeService } from '../../recipe/model.ts'
import type { Release } from '../deployer.ts'

const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt'
/** The engine keeps at most 500 KB of a config (its own check of a config's size). */
const MAX_CONFIG = 490_000
const KEY = 'ccci-authority'
const TARGET = '/run/cc-ci/authority.pem'
/** OpenSSL and Go, Node, Python's requests, curl. */
const VARIABLES = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE']

/**
 * Has every service trust the authority of a dependency here, which in an operator's hands has a public certificate: a config with it beside
 * the machine's own authorities, and the variables that programs look at. What the recipe sets itself stays.
 */
export function withAuthority(model: ComposeModel, release: Release, accommodations: string[]): ComposeModel {
  if (release.added.authority.length === 0) return model
  const file = `${release.dir}/../tmp/authority.pem`
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bundle(release.added.authority))
  accommodations.push(`every service trusts the test authority of this machine (${VARIABLES.join(', ')})`)
  const services = Object.entries(model.services).map(([name, service]) => [name, trusting(service)] as const)
  return {
    ...model,
    services: Object.fromEntries(services),
    configs: { ...model.configs, [KEY]: { name: `${release.app.stack}_ccci-authority`, file } },
  }
}

function bundle(authority: readonly string[]): string {
  const own = `${authority.join('\n').trim()}\n`
  const system = existsSync(SYSTEM_BUNDLE) ? readFileSync(SYSTEM_BUNDLE, 'utf8') : ''
  return own.length + system.length <= MAX_CONFIG ? own + system : own
}

function trusting(service: ComposeService): ComposeService {
  const environment = (service.environment ?? {}) as Readonly<Record<string, unknown>>
  const added = VARIABLES.filter((name) => !(name in environment)).map((name) => [name, TARGET] as const)
  return {
    ...service,
    environment: { ...environment, ...Object.fromEntries(added) } as ComposeService['environment'],
    configs: [...(service.configs ?? []), { source: KEY, target: TARGET }] as ComposeService['configs'],
  }
}
