import { parseGoDuration } from '../../src/recipe/compose/go-duration.ts'

const DURATIONS = /^(interval|timeout|start_period|start_interval|delay|monitor|window|stop_grace_period)$/
const UNORDERED = /^(ports|volumes|secrets|configs)$/

/**
 * Both resolutions in one form. The known differences, each harmless:
 * - ours has no `x-` keys and no `build`, and no `version` where the files have none;
 * - durations are kept as written (`90s`), the CLI writes them again (`1m30s`);
 * - ours writes out the defaults of long-form ports (`tcp`, `ingress`);
 * - ours keeps file paths relative to the recipe, the CLI's are absolute;
 * - empty mappings, lists and texts that mean "nothing" are left out by one or the other;
 * - the CLI's order of ports with the same published port is by chance.
 */
export function comparable(value: unknown, key = '', parent = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(item, '', key))
    return UNORDERED.test(key) && parent !== ''
      ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items
  }
  if (typeof value === 'string') return text(value, key)
  if (typeof value !== 'object' || value === null) return value
  const known = key === '' && parent === 'ports' ? { protocol: 'tcp', mode: 'ingress', ...value } : value
  const texts = /^(environment|labels|networks|volumes|sysctls|options|driver_opts)$/.test(key)
  const entries = Object.entries(known)
    .filter(
      ([name]) => texts || !(name.startsWith('x-') || name === 'version' || name === 'env_file' || name === 'build'),
    )
    .map(([name, child]) => [name, comparable(child, name, key)] as const)
    .filter(([name, child]) => texts || !isNothing(child) || /^(retries|replicas|parallelism)$/.test(name))
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function text(value: string, key: string): unknown {
  if (DURATIONS.test(key)) return parseGoDuration(value) ?? value
  return key === 'file' || key === 'source' ? value.replace(/^\.\//, '') : value
}

function isNothing(value: unknown): boolean {
  if (value === null || value === '' || value === false || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
