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
] as const

export type PolicyCode = (typeof POLICY_CODES)[number]
