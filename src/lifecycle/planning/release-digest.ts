import { createHash } from 'node:crypto'
import type { Release } from '../../deploy/deployer.ts'
import { configContent } from '../base/difference.ts'

/** Everything of a release that reaches the engine, to the last label, as hashes: part (`service app`, `environment`) to 16 hex. */
export type ReleaseDigest = Readonly<Record<string, string>>

/** Domain and stack are in it: two releases are only the same for an app of the same name. No value can be read from it. */
export function releaseDigest({ stack, dir, env, secrets, added }: Release): ReleaseDigest {
  const { services, configs, ...rest } = stack.model
  const parts: [string, unknown][] = [
    ...Object.entries(services).map(([name, service]): [string, unknown] => [`service ${name}`, service]),
    ...Object.entries(configs).map(([key, config]): [string, unknown] => [
      `config ${key}`,
      [config, configContent(dir, config)],
    ]),
    ['environment', [...env].sort(([a], [b]) => (a < b ? -1 : 1))],
    ['secrets', secrets],
    ['networks, volumes and the rest', [rest, added.memoryBytes ?? null]],
  ]
  return Object.fromEntries(parts.map(([part, content]) => [part, hashOf(content)]))
}

/** The parts that are not the same, sorted. */
export function digestDifference(a: ReleaseDigest, b: ReleaseDigest): string[] {
  const parts = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return parts.filter((part) => a[part] !== b[part])
}

function hashOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)
}
