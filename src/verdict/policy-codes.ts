/** What a compose file may ask of the engine that the policy refuses unless the operator allows it. */
export const POLICY_CODES = [
  'bind-mount',
  'engine-socket',
  'privileged',
  'cap-add',
  'host-namespace',
  'device',
  'driver-bind',
  'foreign-network',
  'foreign-volume',
  'foreign-secret',
  'foreign-config',
  'host-port',
  'foreign-route',
  'log-driver',
  'host-setting',
  'local-registry',
  'network-address',
  'too-many',
  'raw-sockets',
] as const

export type PolicyCode = (typeof POLICY_CODES)[number]

/** How many of each one recipe may have. Several times what the largest recipes have, and what one machine bears. */
export const MOST_DEFAULTS = {
  services: 60,
  replicas: 100,
  networks: 30,
  ports: 200,
  secrets: 150,
  configs: 150,
  volumes: 150,
} as const

export type LimitedCode = keyof typeof MOST_DEFAULTS

/** What the operator sets; what is not named stays as it is. */
export type PolicyLimits = Readonly<Partial<Record<LimitedCode, number>>>
