import type { EngineExecResult, ServiceState } from '../engine/types.ts'
import type { AppEnv, ResolvedStack, SecretSpec } from '../recipe/model.ts'

/** One app of one run: its names never change while the run lives. */
export interface App {
  readonly runId: string
  readonly stack: string
  readonly domain: string
  readonly recipe: string
  /** Absolute path of the git repository that has the commits of its releases. */
  readonly repository: string
}

/** One version of the recipe, ready to be deployed as this app. */
export interface Release {
  readonly app: App
  /** Absolute path of the checkout that relative file paths of the model refer to. */
  readonly dir: string
  readonly commit: string
  /** From compose's own label; null without one. */
  readonly version: string | null
  /** True: deployed from a commit (label chaos-version is set); false: a released version. */
  readonly chaos: boolean
  readonly dirty: boolean
  readonly env: AppEnv
  readonly stack: ResolvedStack
  readonly secrets: readonly SecretSpec[]
  readonly added: RunAdditions
}

/** What the run adds to what the recipe says. */
export interface RunAdditions {
  /** Values to insert instead of generating them, by the secret's key. */
  readonly secretValues: ReadonlyMap<string, string>
  /** PEM of authorities that every service must trust. */
  readonly authority: readonly string[]
  /** The memory limit of services that set none of their own, by the settings; null: they say none. */
  readonly memoryBytes: number | null
  /** How many processes a container may have, by the settings. */
  readonly processes: number
  /** What the run bounds every container by: the memory that it has in all, and the most memory and processes that one may have; null: nothing. */
  readonly run: { readonly runBytes: number; readonly mostBytes: number; readonly mostProcesses: number } | null
  /** What the engine keeps of the log of each container. */
  readonly logBytes: number
  /** The operator lets this recipe send packets of its own making. */
  readonly rawSockets: boolean
}

/** What nobody reads to its end, and a disk bears. */
const LOG_BYTES = 100 * 1024 * 1024
/** Nobody's program comes near it. */
const PROCESSES = 2048

export const NO_ADDITIONS: RunAdditions = {
  secretValues: new Map(),
  authority: [],
  memoryBytes: null,
  processes: PROCESSES,
  run: null,
  logBytes: LOG_BYTES,
  rawSockets: false,
}

/** What the engine really runs after a deployment, never what was asked for. */
export interface Deployment {
  /** The services of the stack as they were before this deployment; empty when the app is new. For `converge`. */
  readonly before: readonly ServiceState[]
  readonly services: readonly ServiceState[]
  readonly images: readonly {
    readonly service: string
    readonly ref: string
    readonly id: string
    /** Unpacked, as the engine counts. Absent: nobody asked, as of the app of another run. */
    readonly sizeBytes?: number
  }[]
  readonly accommodations: readonly string[]
  /** Services that run in this stack but that the deployed model does not have. */
  readonly orphans: readonly string[]
}

/**
 * Puts a release on the engine. Order: `prepare`, then `deploy`, then any number of `exec`/`logs`, and `undeploy` at the end.
 * `prepare` and `deploy` may be called again with a newer release of the same app: that is the upgrade, in place. `undeploy` is
 * idempotent, safe after a failure at any point, and returns when nothing of the app is left. Calls for different apps may
 * run at the same time; calls for one app may not.
 */
export interface Deployer {
  /** Resolves every image to an id (pull or local), and creates the secrets that do not exist yet. Changes nothing that runs. */
  prepare(release: Release, signal: AbortSignal): Promise<PreparedRelease>
  /** Hands the stack to the engine and returns without waiting for convergence. */
  deploy(prepared: PreparedRelease, signal: AbortSignal): Promise<Deployment>
  /** Runs argv in the running container of a service. Throws InfraError `no-container` when none runs. */
  exec(
    app: App,
    service: string,
    argv: readonly string[],
    options: { timeoutMs: number; signal?: AbortSignal; stdin?: string },
  ): Promise<EngineExecResult>
  /** Removes everything of the app: services, tasks, containers, networks, secrets, configs, volumes. */
  undeploy(app: App, options: { timeoutMs: number }): Promise<void>
  /** True: taking an app down is something that this deployer does in a way of its own, so that it is to be asked for it. Absent: the removal of the run is the same. */
  readonly undeploysItself?: true
  /** Backs the app up through the bot that operators use, besides the backup of cc-ci. Throws InfraError `deployer-failed`. Absent: it has none. */
  backup?(app: App, signal: AbortSignal): Promise<BotBackup>
}

/** What came of a backup by the operators' bot. */
export type BotBackup =
  /** None runs on this Swarm. */
  { readonly kind: 'no-bot' } | { readonly kind: 'backed-up'; readonly bot: string; readonly snapshot: string }

export interface PreparedRelease {
  readonly release: Release
  /** Service to the image it will run: `ref` as the recipe wrote it, `pinned` as the engine gets it, `id` of the local image. */
  readonly images: ReadonlyMap<
    string,
    {
      readonly ref: string
      readonly pinned: string
      readonly id: string
      readonly sizeBytes: number
      /** See `ImageState`. */
      readonly healthPauses?: { readonly interval: number; readonly start_interval: number }
    }
  >
  readonly accommodations: readonly string[]
}

/** Whoever keeps book of the images that runs use, so that they can be pruned, and are not while they are used. */
export interface ImageUse {
  /** Before it is looked whether the engine has the image. */
  before(ref: string): Promise<void>
  /** The image is there and of this id, pulled or not. */
  after(ref: string, id: string): Promise<void>
}
