/** What ran at one moment. */
export interface AppState {
  /** The version label of the app service; null without one. */
  readonly version: string | null
  readonly commit: string
  readonly services: readonly { readonly service: string; readonly image: string; readonly imageId: string }[]
}

/** What the operation of a tier saw. */
export interface Operation {
  readonly name: 'install' | 'upgrade' | 'backup' | 'restore'
  /** Null before the first deployment. */
  readonly before: AppState | null
  readonly after: AppState | null
  /** Id of the snapshot that was taken or restored; null for install and upgrade. */
  readonly snapshot: string | null
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface ExecOptions {
  /** A duration such as `90s`. Default `60s`. */
  readonly timeout?: string
  /** Written to the program's standard input. */
  readonly input?: string
  /** Give a non-zero exit back instead of throwing. Default false. */
  readonly allowFailure?: boolean
}

export interface RunOnceOptions {
  /** How long to wait for its end: a duration. Default `5m`. */
  readonly timeout?: string
  /** False: when the time is over, continue; the one-shot may still complete later. Default true: throw. */
  readonly fatal?: boolean
}

/** What every hook gets. Frozen: nothing a hook does to it reaches another hook. */
export interface Ctx {
  /** Host name of the app. */
  readonly domain: string
  /** `https://<domain>`, without a slash at the end. */
  readonly baseUrl: string
  readonly recipe: { readonly name: string; readonly version: string | null; readonly commit: string }
  /** All settings of the recipe that are data, defaults included: `config.health.path`; durations in milliseconds. */
  readonly config: Readonly<Record<string, unknown>>
  /** Credentials of each declared dependency: `deps.keycloak.clientId`. */
  readonly deps: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** The operation of the tier that called; null in a hook that comes before any deployment. */
  readonly op: Operation | null
  /**
   * Runs a program in the running container of a service. Throws when it ends with anything but 0 (see `allowFailure`), and when nothing of the
   * app is deployed yet.
   * @example await ctx.exec('db', ['psql', '-U', 'todo', '-c', 'select 1'])
   */
  exec(service: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>
  /**
   * Starts a service that the recipe ships at `replicas: 0` and waits for its end, such as the creation of a bucket. Throws when it fails.
   * @returns whether it has completed; false only with `fatal: false`
   */
  runOnce(service: string, options?: RunOnceOptions): Promise<{ readonly completed: boolean }>
  /** A line for the run's log. */
  log(text: string): void
  /** Aborted when the hook's time is over. */
  readonly signal: AbortSignal
}
