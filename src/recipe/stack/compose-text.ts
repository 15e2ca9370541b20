import { stringify } from 'yaml'
import { neededVersion } from '../compose/schema.ts'
import type { ComposeModel } from '../model.ts'

/**
 * The model as the YAML that `docker stack deploy -c -` reads, run in the recipe's folder (file paths are relative to it). Every
 * `$` is doubled, because the CLI interpolates once more. The CLI also gives variables without a value the one they have in its own
 * environment: run it with as little as it needs.
 */
export function composeText(model: ComposeModel): string {
  const { version: _, services, ...sections } = model
  const used = Object.fromEntries(Object.entries(sections).filter(([, entries]) => Object.keys(entries).length > 0))
  const document = { version: neededVersion(model), services: withoutRepeats(services), ...used }
  // YAML 1.1 quotes whatever any reader might take for a boolean, a number or a date.
  return stringify(escaped(document), { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 })
}

/** Lists that merging joins, and that the schema wants without repetition. */
const UNIQUE = [
  'cap_add',
  'cap_drop',
  'depends_on',
  'devices',
  'dns',
  'dns_search',
  'expose',
  'extra_hosts',
  'ports',
  'security_opt',
  'tmpfs',
]

function withoutRepeats(services: ComposeModel['services']): ComposeModel['services'] {
  const unique = (key: string, value: unknown) =>
    UNIQUE.includes(key) && Array.isArray(value)
      ? [...new Map(value.map((item) => [JSON.stringify(item), item])).values()]
      : value
  const clean = (service: object) =>
    Object.fromEntries(Object.entries(service).map(([key, value]) => [key, unique(key, value)]))
  return Object.fromEntries(Object.entries(services).map(([name, service]) => [name, clean(service)]))
}

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (Array.isArray(value)) return value.map(escaped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, escaped(child)]))
}
