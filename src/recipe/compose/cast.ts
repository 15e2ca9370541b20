import { isAt } from './path-pattern.ts'

type CastResult = string | number | boolean | undefined

const INTEGERS = [
  'services.*.configs.#.mode',
  'services.*.secrets.#.mode',
  'services.*.healthcheck.retries',
  'services.*.deploy.replicas',
  'services.*.deploy.update_config.parallelism',
  'services.*.deploy.rollback_config.parallelism',
  'services.*.deploy.restart_policy.max_attempts',
  'services.*.deploy.placement.max_replicas_per_node',
  'services.*.ports.#.target',
  'services.*.ports.#.published',
  'services.*.ulimits.*',
  'services.*.ulimits.*.hard',
  'services.*.ulimits.*.soft',
]
const FLOATS = [
  'services.*.deploy.update_config.max_failure_ratio',
  'services.*.deploy.rollback_config.max_failure_ratio',
]
const BOOLEANS = [
  'services.*.healthcheck.disable',
  'services.*.privileged',
  'services.*.read_only',
  'services.*.stdin_open',
  'services.*.tty',
  'services.*.volumes.#.read_only',
  'services.*.volumes.#.volume.nocopy',
  'networks.*.external',
  'networks.*.internal',
  'networks.*.attachable',
  'volumes.*.external',
  'secrets.*.external',
  'configs.*.external',
]

const CASTS = [
  ...INTEGERS.map((pattern) => ({ pattern, what: 'a whole number', cast: toInteger })),
  ...FLOATS.map((pattern) => ({ pattern, what: 'a number', cast: toFloat })),
  ...BOOLEANS.map((pattern) => ({ pattern, what: 'true or false', cast: toBoolean })),
].map(({ pattern, ...rest }) => ({ ...rest, parts: pattern.split('.') }))

/**
 * Gives an interpolated text the type its path wants (docker/cli cli/compose/loader/interpolate.go): only texts that a variable
 * changed are cast. `problem` says what was wanted.
 */
export function cast(
  path: readonly string[],
  text: string,
): { value: string | number | boolean } | { problem: string } {
  const found = CASTS.find(({ parts }) => isAt(path, parts))
  if (!found) return { value: text }
  const value = found.cast(text)
  return value === undefined ? { problem: `must be ${found.what}, but its variables make "${text}"` } : { value }
}

/** Decimal always: here `0444` is four hundred and forty-four. */
function toInteger(text: string): CastResult {
  return /^[-+]?\d+$/.test(text) ? Number(text) : undefined
}

function toFloat(text: string): CastResult {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
}

function toBoolean(text: string): CastResult {
  if (/^(y|yes|true|on)$/i.test(text)) return true
  return /^(n|no|false|off)$/i.test(text) ? false : undefined
}
