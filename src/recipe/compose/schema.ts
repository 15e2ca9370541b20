import { parseGoDuration } from './go-duration.ts'
import { INTRODUCED_IN } from './introduced-in.ts'
import { isAt } from './path-pattern.ts'
import { DATE } from './scalar.ts'
import { forms, keys, kind, list, names, type Report, type Shape } from './shape.ts'
import type { DataMap } from './source.ts'

/** The compose version the docker CLI assumes when a file names none, and the newest it knows. */
const DEFAULT_VERSION = '3.13'

/** No key that is younger than 3.0 lies deeper. */
const MAX_DEPTH = 6

const string = kind('text in quotes', (value) => typeof value === 'string' && !DATE.test(value))
const number = kind('a number', (value) => typeof value === 'number')
const integer = kind('a whole number', (value) => Number.isInteger(value))
const count = kind('a whole number of 0 or more', (value) => Number.isInteger(value) && Number(value) >= 0)
const amount = kind('a number of 0 or more', (value) => typeof value === 'number' && value >= 0)
const boolean = kind('true or false', (value) => typeof value === 'boolean')
const scalar = kind('text or a number', (value) => typeof value === 'string' || typeof value === 'number')
const labelValue = kind(
  'text, a number or nothing (put true and false in quotes)',
  (value) => (typeof value !== 'boolean' && typeof value !== 'object') || value === null,
)
const duration = kind(
  'a duration such as 30s or 1m30s',
  (value) => typeof value === 'string' && parseGoDuration(value) !== undefined,
)
const order = kind('start-first or stop-first', (value) => value === 'start-first' || value === 'stop-first')
const strings = list(string)
const uniqueStrings = list(string, { unique: true })
const stringOrList = forms({ scalar: string, list: uniqueStrings })
const command = forms({ scalar: string, list: strings })
const listOrDict = forms({ list: uniqueStrings, map: names(labelValue, /.+/) })
const options = names(scalar, /.+/)

const fileReference = forms({
  scalar: string,
  map: keys({ source: string, target: string, uid: string, gid: string, mode: amount }, { open: true }),
})
const update = keys({
  parallelism: count,
  delay: duration,
  failure_action: string,
  monitor: duration,
  max_failure_ratio: number,
  order,
})

const genericResource = keys({ discrete_resource_spec: keys({ kind: string, value: number }) })

const deployment = forms({
  null: true,
  map: keys({
    mode: string,
    endpoint_mode: string,
    replicas: count,
    labels: listOrDict,
    update_config: update,
    rollback_config: update,
    resources: keys({
      limits: keys({ cpus: string, memory: string, pids: integer }),
      reservations: keys({ cpus: string, memory: string, generic_resources: list(genericResource) }),
    }),
    restart_policy: keys({ condition: string, delay: duration, max_attempts: count, window: duration }),
    placement: keys({
      constraints: strings,
      preferences: list(keys({ spread: string })),
      max_replicas_per_node: count,
    }),
  }),
})

/** Has no effect in a stack, and is looked at all the same. */
const build = forms({
  scalar: string,
  map: keys(
    {
      context: string,
      dockerfile: string,
      args: listOrDict,
      labels: listOrDict,
      cache_from: uniqueStrings,
      network: string,
      target: string,
      shm_size: scalar,
      extra_hosts: listOrDict,
    },
    { open: true },
  ),
})

const service = keys(
  {
    deploy: deployment,
    build,
    cap_add: uniqueStrings,
    cap_drop: uniqueStrings,
    cgroupns_mode: string,
    cgroup_parent: string,
    command,
    configs: list(fileReference),
    container_name: string,
    credential_spec: keys({ config: string, file: string, registry: string }),
    depends_on: uniqueStrings,
    devices: uniqueStrings,
    dns: stringOrList,
    dns_search: stringOrList,
    domainname: string,
    entrypoint: command,
    env_file: stringOrList,
    environment: listOrDict,
    expose: list(scalar, { unique: true }),
    external_links: uniqueStrings,
    extra_hosts: listOrDict,
    healthcheck: keys({
      disable: boolean,
      interval: duration,
      retries: amount,
      test: forms({ scalar: string, list: strings }),
      timeout: duration,
      start_period: duration,
      start_interval: duration,
    }),
    hostname: string,
    image: string,
    init: boolean,
    ipc: string,
    isolation: string,
    labels: listOrDict,
    links: uniqueStrings,
    logging: keys({ driver: string, options: names(labelValue, /.+/) }),
    mac_address: string,
    network_mode: string,
    networks: forms({
      list: uniqueStrings,
      map: names(
        forms({
          null: true,
          map: keys({ aliases: uniqueStrings, driver_opts: options, ipv4_address: string, ipv6_address: string }),
        }),
      ),
    }),
    oom_score_adj: integer,
    pid: forms({ scalar: string, null: true }),
    ports: list(forms({ scalar, map: keys({ mode: string, target: count, published: count, protocol: string }) }), {
      unique: true,
    }),
    privileged: boolean,
    read_only: boolean,
    restart: string,
    secrets: list(fileReference),
    security_opt: uniqueStrings,
    shm_size: string,
    stdin_open: boolean,
    stop_grace_period: duration,
    stop_signal: string,
    sysctls: listOrDict,
    tmpfs: stringOrList,
    tty: boolean,
    ulimits: names(
      forms({ scalar: integer, map: keys({ hard: integer, soft: integer }, { required: ['soft', 'hard'] }) }),
      /.*/,
    ),
    user: string,
    userns_mode: string,
    volumes: list(
      forms({
        scalar: string,
        map: keys(
          {
            type: string,
            source: string,
            target: string,
            read_only: boolean,
            consistency: string,
            bind: keys({ propagation: string }, { open: true }),
            volume: keys({ nocopy: boolean, subpath: string }, { open: true }),
            tmpfs: keys({ size: count }, { open: true }),
          },
          { required: ['type'] },
        ),
      }),
    ),
    working_dir: string,
  },
  { extensions: true },
)

const named = (own: Readonly<Record<string, Shape>>, { open = false } = {}) =>
  keys(
    {
      name: string,
      external: forms({ scalar: boolean, map: keys({ name: string }, { open }) }),
      labels: listOrDict,
      ...own,
    },
    { extensions: true },
  )

const document = keys(
  {
    version: kind('text in quotes, such as "3.8"', (value) => typeof value === 'string'),
    services: names(service),
    networks: names(
      forms({
        null: true,
        map: named({
          driver: string,
          driver_opts: options,
          internal: boolean,
          attachable: boolean,
          ipam: keys({ driver: string, config: list(keys({ subnet: string })) }),
        }),
      }),
      /.*/,
    ),
    volumes: names(forms({ null: true, map: named({ driver: string, driver_opts: options }) })),
    secrets: names(
      named({ file: string, driver: string, driver_opts: options, template_driver: string }, { open: true }),
    ),
    configs: names(named({ file: string, template_driver: string }, { open: true })),
  },
  { extensions: true },
)

/** The compose version a file speaks: `3` and none mean the newest. Null: not a version that Swarm stacks have. */
export function composeVersion(data: DataMap): string | null {
  const { version } = data
  if (version === undefined || version === '' || version === '3') return DEFAULT_VERSION
  return typeof version === 'string' && /^3\.(\d|1[0-3])$/.test(version) ? version : null
}

/** Checks one file, after interpolation, against the format that `docker stack deploy` accepts. */
export function checkSchema(data: DataMap, report: Report): void {
  const version = composeVersion(data)
  if (version === null && typeof data.version === 'string') {
    report(['version'], `is "${data.version}", which docker stack deploy does not support`, 'Write version: "3.8".')
  }
  const minor = Number((version ?? DEFAULT_VERSION).split('.')[1])
  document(data, [], report)
  for (const { path, since } of versioned(data)) {
    if (minor < since)
      report(
        path,
        `exists since version 3.${since}, and the file says 3.${minor}`,
        `Write version: "3.${since}", or leave it out.`,
      )
  }
}

/** The smallest version, at least 3.8, that has every key of a document. */
export function neededVersion(document: unknown): string {
  return `3.${Math.max(8, ...versioned(document).map(({ since }) => since))}`
}

/** The keys of a document that did not come with version 3.0. */
function versioned(value: unknown, path: readonly string[] = []): { path: readonly string[]; since: number }[] {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return []
  return Object.entries(value).flatMap(([name, child]) => {
    const at = [...path, name]
    const known = INTRODUCED_IN.find(({ parts }) => isAt(at, parts))
    return [...(known ? [{ path: at, since: known.since }] : []), ...versioned(child, at)]
  })
}
