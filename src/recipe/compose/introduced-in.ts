/** Every key that is younger than version 3.0 of the format, by the version it came with: `3.9` is 9. */
const KEYS: Readonly<Record<number, readonly string[]>> = {
  1: ['secrets', 'services.*.secrets'],
  2: [
    'services.*.deploy.endpoint_mode',
    'services.*.build.cache_from',
    // The long forms.
    'services.*.ports.#.*',
    'services.*.volumes.#.type',
    'networks.*.attachable',
  ],
  3: [
    'configs',
    'services.*.configs',
    'services.*.build.labels',
    'services.*.credential_spec',
    'services.*.deploy.placement.preferences',
  ],
  4: [
    'x-*',
    'services.*.build.network',
    'services.*.build.target',
    'services.*.deploy.update_config.order',
    'services.*.healthcheck.start_period',
    'volumes.*.name',
  ],
  5: [
    'services.*.build.shm_size',
    'services.*.deploy.resources.reservations.generic_resources',
    'services.*.isolation',
    'networks.*.name',
    'secrets.*.name',
    'configs.*.name',
  ],
  6: ['services.*.volumes.#.tmpfs'],
  7: [
    'services.*.deploy.rollback_config',
    'services.*.init',
    'services.*.x-*',
    'networks.*.x-*',
    'volumes.*.x-*',
    'secrets.*.x-*',
    'configs.*.x-*',
  ],
  8: [
    'services.*.credential_spec.config',
    'services.*.deploy.placement.max_replicas_per_node',
    'secrets.*.driver',
    'secrets.*.driver_opts',
    'secrets.*.template_driver',
    'configs.*.template_driver',
  ],
  9: ['services.*.build.extra_hosts', 'services.*.cgroupns_mode', 'services.*.deploy.resources.limits.pids'],
  12: ['services.*.healthcheck.start_interval'],
  13: ['services.*.networks.*.driver_opts', 'services.*.oom_score_adj'],
}

/** Keys of `build:` that every version has; any other may stand there since 3.11. */
const ALWAYS = ['context', 'dockerfile', 'args'].map((key) => `services.*.build.${key}`)
const ROWS = [[0, ALWAYS] as const, ...Object.entries(KEYS), [11, ['services.*.build.*']] as const]

/** Patterns of paths with the minor version they came with; the first that fits a path counts. */
export const INTRODUCED_IN = ROWS.flatMap(([since, patterns]) =>
  patterns.map((pattern) => ({ parts: pattern.split('.'), since: Number(since) })),
)
