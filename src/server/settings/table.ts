import { RETENTION_DEFAULTS } from '../../history/retention/policy.ts'

/** How one setting of a server is written. `secret`: by the variable, or by `<VARIABLE>_FILE` naming a file; never by a flag. */
export interface ServerSetting {
  readonly key: string
  readonly variable: string
  /** Without dashes; null where there is no flag. */
  readonly flag: string | null
  readonly kind: 'text' | 'url' | 'port' | 'count' | 'duration' | 'size' | 'times' | 'secret'
  /** As one would write it; null: none, `required` says whether the server starts without. */
  readonly default: string | null
  readonly required: boolean
  /** Shortest secret that is taken. */
  readonly atLeast?: number
  readonly description: string
}

/** Every setting of `cc-ci serve`: flags, variables, docs and messages come from here. */
export const SERVER_SETTINGS = [
  {
    key: 'host',
    variable: 'CC_CI_HOST',
    flag: 'host',
    kind: 'text',
    default: '127.0.0.1',
    required: false,
    description: 'Address to listen on. Put a proxy that speaks TLS in front of it.',
  },
  {
    key: 'port',
    variable: 'CC_CI_PORT',
    flag: 'port',
    kind: 'port',
    default: '8080',
    required: false,
    description: 'Port to listen on.',
  },
  {
    key: 'proxies',
    variable: 'CC_CI_PROXIES',
    flag: 'proxies',
    kind: 'count',
    default: '0',
    required: false,
    description:
      'How many proxies stand before it, each adding to `X-Forwarded-For`: 1 for the usual one. Limits of requests then count its clients, not itself.',
  },
  {
    key: 'publicUrl',
    variable: 'CC_CI_PUBLIC_URL',
    flag: 'public-url',
    kind: 'url',
    default: null,
    required: true,
    description:
      'Where people and the forge reach this server: links in comments and the address of webhooks begin with it.',
  },
  {
    key: 'forgeKind',
    variable: 'CC_CI_FORGE_KIND',
    flag: 'forge-kind',
    kind: 'text',
    default: 'gitea',
    required: false,
    description: 'The software of the forge: `gitea`, for Gitea and Forgejo.',
  },
  {
    key: 'forgeUrl',
    variable: 'CC_CI_FORGE_URL',
    flag: 'forge-url',
    kind: 'url',
    default: null,
    required: true,
    description: 'The Gitea or Forgejo whose comments are answered. No other address is ever called.',
  },
  {
    key: 'forgeToken',
    variable: 'CC_CI_FORGE_TOKEN',
    flag: null,
    kind: 'secret',
    default: null,
    required: true,
    atLeast: 16,
    description:
      "Token of the bot's account. Scopes: write:issue, write:repository, read:organization, read:user; the account is in a team that may write.",
  },
  {
    key: 'webhookSecret',
    variable: 'CC_CI_WEBHOOK_SECRET',
    flag: null,
    kind: 'secret',
    default: null,
    required: true,
    atLeast: 16,
    description: 'What webhooks are signed with. An unsigned delivery is refused before it is read.',
  },
  {
    key: 'operatorToken',
    variable: 'CC_CI_OPERATOR_TOKEN',
    flag: null,
    kind: 'secret',
    default: null,
    required: true,
    atLeast: 32,
    description: 'Lets an operator in, at the API and the pages: `openssl rand -hex 24` makes one.',
  },
  {
    key: 'databaseUrl',
    variable: 'DATABASE_URL',
    flag: null,
    kind: 'secret',
    default: null,
    required: false,
    description: 'PostgreSQL for the index. Default: an embedded database in the state folder.',
  },
  {
    key: 'workerMemoryBytes',
    variable: 'CC_CI_WORKER_MEMORY',
    flag: 'worker-memory',
    kind: 'size',
    default: '4G',
    required: false,
    description: 'What all runs of the embedded worker may use together; 0: this server has no worker of its own.',
  },
  {
    key: 'runMemoryBytes',
    variable: 'CC_CI_RUN_MEMORY',
    flag: 'run-memory',
    kind: 'size',
    default: '2G',
    required: false,
    description:
      'What a run may have where its enrolment says nothing else: so much is set aside for it, and its app gets no more (`run-memory`).',
  },
  {
    key: 'runDeadlineMs',
    variable: 'CC_CI_RUN_DEADLINE',
    flag: 'run-deadline',
    kind: 'duration',
    default: '60m',
    required: false,
    description: 'Wall clock for one run, its teardown excluded.',
  },
  {
    key: 'pollMs',
    variable: 'CC_CI_POLL',
    flag: 'poll',
    kind: 'duration',
    default: '60s',
    required: false,
    description: 'How often the forge is asked for comments whose webhook was missed.',
  },
  {
    key: 'pruneOlderThanMs',
    variable: 'CC_CI_PRUNE_OLDER_THAN',
    flag: 'prune-older-than',
    kind: 'duration',
    default: RETENTION_DEFAULTS.olderThan,
    required: false,
    description:
      'Logs, pictures, traces, checkouts and reports of runs that were begun so long ago are removed; results stay forever. `none`: never for their age.',
  },
  {
    key: 'pruneMaxBytes',
    variable: 'CC_CI_PRUNE_MAX_BYTES',
    flag: 'prune-max-bytes',
    kind: 'size',
    default: RETENTION_DEFAULTS.maxBytes,
    required: false,
    description:
      'What all run folders may hold together: beyond it the same is removed of the oldest runs. `none`: no limit.',
  },
  {
    key: 'mirrorsMaxBytes',
    variable: 'CC_CI_MIRRORS_MAX_BYTES',
    flag: 'mirrors-max-bytes',
    kind: 'size',
    default: '10G',
    required: false,
    description:
      'What the copies of repositories from which runs get their source may hold together: beyond it those go that were not used for longest, and are fetched again when they are needed. `none`: no limit.',
  },
  {
    key: 'sweepAt',
    variable: 'CC_CI_SWEEP_AT',
    flag: 'sweep-at',
    kind: 'times',
    default: null,
    required: false,
    description:
      'When everything that is enrolled is swept, in UTC: `Sun 02:00`, `Mon,Thu 03:30`, `daily 02:00`. Default: never by itself.',
  },
  {
    key: 'sweepList',
    variable: 'CC_CI_SWEEP_LIST',
    flag: 'sweep-list',
    kind: 'text',
    default: null,
    required: false,
    description: 'A `sweep.yml` whose `exclude` says what a sweep leaves out, why, and until when.',
  },
  {
    key: 'oauthClientId',
    variable: 'CC_CI_OAUTH_CLIENT_ID',
    flag: null,
    kind: 'text',
    default: null,
    required: false,
    description:
      "Login by the forge: id of its OAuth2 application, whose redirect address is this server's `/login/forge/callback`.",
  },
  {
    key: 'oauthClientSecret',
    variable: 'CC_CI_OAUTH_CLIENT_SECRET',
    flag: null,
    kind: 'secret',
    default: null,
    required: false,
    description: 'Its secret.',
  },
  {
    key: 'operatorOrganisation',
    variable: 'CC_CI_OPERATORS',
    flag: null,
    kind: 'text',
    default: null,
    required: false,
    description: 'Members of this organisation are operators when they log in by the forge.',
  },
] as const satisfies readonly ServerSetting[]

export type ServerSettingKey = (typeof SERVER_SETTINGS)[number]['key']
