import { parseGoDuration } from './go-duration.ts'
import { forms, keys, kind, list, names, type Report, type Shape } from './shape.ts'
import type { DataMap } from './source.ts'

/** The compose version the docker CLI assumes when a file names none, and the newest it knows. */
const DEFAULT_VERSION = '3.13'

const string = kind('text in quotes', (value) => typeof value === 'string')
const number = kind('a number', (value) => typeof value === 'number')
const integer = kind('a whole number', (value) => Number.isInteger(value))
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
const anything: Shape = () => {}

const fileReference = forms({
  scalar: string,
  map: keys({ source: string, target: string, uid: string, gid: string, mode: number }),
})
const update = keys({
  parallelism: integer,
  delay: duration,
  failure_action: string,
  monitor: duration,
  max_failure_ratio: number,
  order,
})

const deployment = forms({
  null: true,
  map: keys({
    mode: string,
    endpoint_mode: string,
    replicas: integer,
    labels: listOrDict,
    update_config: update,
    rollback_config: update,
    resources: keys({
      limits: keys({ cpus: string, memory: string, pids: integer }),
      reservations: keys({ cpus: string, memory: string, generic_resources: list(anything) }),
    }),
    restart_policy: keys({ condition: string, delay: duration, max_attempts: integer, window: duration }),
    placement: keys({
      constraints: strings,
      preferences: list(keys({ spread: string })),
      max_replicas_per_node: integer,
    }),
  }),
})

const service = keys(
  {
    deploy: deployment,
    build: anything,
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
    group_add: list(scalar, { unique: true }),
    healthcheck: keys({
      disable: boolean,
      interval: duration,
      retries: number,
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
    ports: list(forms({ scalar, map: keys({ mode: string, target: integer, published: integer, protocol: string }) }), {
      unique: true,
    }),
    privileged: boolean,
    read_only: boolean,
    restart: string,
    secrets: list(fileReference),
    security_opt: uniqueStrings,
    shm_size: scalar,
    stdin_open: boolean,
    stop_grace_period: duration,
    stop_signal: string,
    sysctls: listOrDict,
    tmpfs: stringOrList,
    tty: boolean,
    ulimits: names(
      forms({ scalar: integer, map: keys({ hard: integer, soft: integer }, { required: ['soft', 'hard'] }) }),
      /^[a-z]+$/,
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
            bind: keys({ propagation: string }),
            volume: keys({ nocopy: boolean }),
            tmpfs: keys({ size: integer }),
          },
          { required: ['type'] },
        ),
      }),
    ),
    working_dir: string,
  },
  { extensions: true },
)

const external = forms({ scalar: boolean, map: keys({ name: string }) })
const named = (own: Readonly<Record<string, Shape>>) =>
  keys({ name: string, external, labels: listOrDict, ...own }, { extensions: true })

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
    ),
    volumes: names(forms({ null: true, map: named({ driver: string, driver_opts: options }) })),
    secrets: names(named({ file: string, driver: string, driver_opts: options, template_driver: string })),
    configs: names(named({ file: string, template_driver: string })),
  },
  { extensions: true },
)

/** Keys that came with a later version of the format than 3.8. */
const SINCE: readonly { readonly path: RegExp; readonly version: number }[] = [
  { path: /^services\.[^.]+\.deploy\.resources\.limits\.pids$/, version: 9 },
  { path: /^services\.[^.]+\.cgroupns_mode$/, version: 10 },
  { path: /^services\.[^.]+\.healthcheck\.start_interval$/, version: 12 },
  { path: /^services\.[^.]+\.oom_score_adj$/, version: 13 },
]

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
  checkSince(data, [], minor, report)
}

/** The smallest version, at least 3.8, that has every key of a document. */
export function neededVersion(document: unknown): string {
  let minor = 8
  checkSince(document, [], 0, (_path, message) => {
    minor = Math.max(minor, Number(/3\.(\d+)/.exec(message)?.[1] ?? 8))
  })
  return `3.${minor}`
}

function checkSince(value: unknown, path: readonly string[], minor: number, report: Report): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, child] of Object.entries(value)) {
    const at = [...path, name]
    const rule = SINCE.find((entry) => entry.path.test(at.join('.')) && minor < entry.version)
    if (rule)
      report(
        at,
        `exists since version 3.${rule.version}, and the file says 3.${minor}`,
        `Write version: "3.${rule.version}", or leave it out.`,
      )
    if (path.length < 6) checkSince(child, at, minor, report)
  }
}
