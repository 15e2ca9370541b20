import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Release } from '../../deploy/deployer.ts'
import type { ComposeNamed, ComposeService } from '../../recipe/model.ts'

/**
 * What differs between two releases in something that runs: image, command, environment, config content, volumes and so on, but
 * not labels, names of configs, or anything that only describes. Empty: an upgrade from one to the other changes nothing.
 */
export function runningDifference(a: Release, b: Release): string[] {
  const names = [...new Set([...Object.keys(a.stack.model.services), ...Object.keys(b.stack.model.services)])].sort()
  return names.flatMap((name) => serviceDifference(name, shape(a, name), shape(b, name)))
}

function serviceDifference(name: string, a: Shape | null, b: Shape | null): string[] {
  if (!a) return [`${name}: added`]
  if (!b) return [`${name}: removed`]
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()
  return keys.filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key])).map((key) => `${name}: ${key}`)
}

type Shape = Readonly<Record<string, unknown>>

function shape(release: Release, name: string): Shape | null {
  const { services, configs, volumes } = release.stack.model
  const service: ComposeService | undefined = services[name]
  if (!service) return null
  const {
    deploy,
    labels: _labels,
    configs: mounted = [],
    volumes: mounts = [],
    ...rest
  } = service as ComposeService & { labels?: unknown }
  const { labels: _deployLabels, ...deployment } = deploy ?? {}
  return {
    ...rest,
    deploy: deployment,
    configs: mounted.map((config) => ({ ...config, source: configContent(release.dir, configs[config.source]) })),
    volumes: mounts.map((mount) => ({ ...mount, volume: mount.source ? (volumes[mount.source] ?? null) : null })),
  }
}

/** The content of a config as it is deployed: kind and sha256 of its file, or what stands in the compose file. */
export function configContent(dir: string, config: ComposeNamed | undefined): string {
  if (!config?.file) return JSON.stringify(config ?? null)
  const hash = createHash('sha256')
    .update(readFileSync(resolve(dir, config.file)))
    .digest('hex')
  return `${config.template_driver ?? 'plain'}:${hash}`
}
