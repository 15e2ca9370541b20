/** The parts of engine objects that cc-ci uses, already checked at the edge; null and missing lists are empty here. */

export interface ServiceState {
  readonly id: string
  /** Full name, `<stack>_<service>`. */
  readonly name: string
  /** Name without the stack. */
  readonly service: string
  /** Index of the service object: grows with every update. */
  readonly version: number
  /** Image reference of the wanted spec. */
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly mode: 'replicated' | 'global' | 'replicated-job' | 'global-job'
  /** Wanted tasks of a replicated service; null for global ones. */
  readonly replicas: number | null
  readonly restartCondition: 'none' | 'on-failure' | 'any'
  /** Null: unlimited. */
  readonly restartMaxAttempts: number | null
  readonly update: {
    readonly state: 'updating' | 'paused' | 'completed' | 'rollback_started' | 'rollback_paused' | 'rollback_completed'
    readonly startedAt: string | null
    readonly message: string
  } | null
  readonly updateOrder: 'start-first' | 'stop-first'
  readonly failureAction: 'pause' | 'continue' | 'rollback'
  readonly hasHealthcheck: boolean
  /** What its health check allows for the start, in ms; 0 without. */
  readonly startPeriodMs: number
  /** Hash of the task template without labels that cc-ci or the operators' client set: equal hashes run the same thing. */
  readonly specHash: string
  /** Hash of the whole template: tasks with this one are the tasks this service wants now. */
  readonly templateHash: string
  /** Like templateHash, without the placement: the engine leaves tasks alone when only that changed and their node still fits. */
  readonly unplacedHash: string
  /** Of jobs: which of its rounds is wanted; each deployment begins a new one. Null for other services. */
  readonly jobRound: number | null
  /** Hash of the wanted endpoint mode and ports: a change restarts tasks though their template stays. */
  readonly endpointHash: string
  readonly endpointMode: 'vip' | 'dnsrr'
  readonly ports: readonly ServicePort[]
  /** The task template as the engine gave it, for comparing field by field. */
  readonly taskTemplate: unknown
}

interface ServicePort {
  readonly target: number
  readonly published: number | null
  readonly protocol: string
  readonly mode: 'ingress' | 'host'
}

export interface TaskState {
  readonly id: string
  readonly serviceId: string
  readonly slot: number | null
  readonly nodeId: string | null
  readonly state:
    | 'new'
    | 'pending'
    | 'assigned'
    | 'accepted'
    | 'preparing'
    | 'ready'
    | 'starting'
    | 'running'
    | 'complete'
    | 'shutdown'
    | 'failed'
    | 'rejected'
    | 'remove'
    | 'orphaned'
    | 'allocated'
  readonly desired: string
  readonly message: string
  readonly error: string
  readonly containerId: string | null
  readonly exitCode: number | null
  readonly createdAt: string
  /** When the state was reached. */
  readonly since: string
  /** Image reference this task was made from. */
  readonly image: string
  /** Hash like ServiceState.specHash, of the spec this task was made from. */
  readonly specHash: string
  /** Like ServiceState.templateHash. */
  readonly templateHash: string
  /** Like ServiceState.unplacedHash. */
  readonly unplacedHash: string
  /** Of jobs: the round it was made for. */
  readonly jobRound: number | null
}

export interface ContainerState {
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly imageId: string
  readonly state: string
  readonly exitCode: number | null
  readonly oomKilled: boolean
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly health: {
    readonly status: string
    readonly failingStreak: number
    readonly log: readonly string[]
    /** When the last probes ran, in epoch ms by the engine's clock; the engine remembers five. Absent: it does not say. */
    readonly probes?: readonly { readonly from: number; readonly to: number }[]
  } | null
  readonly mounts: readonly {
    readonly type: string
    readonly name: string | null
    readonly source: string
    readonly target: string
  }[]
  /** Network name to address. */
  readonly addresses: Readonly<Record<string, string>>
}

/** The container of a task. */
export interface TaskContainer {
  readonly id: string
  /** Its service by full name. */
  readonly service: string
}

export interface EngineExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** True when a stream was longer than asked for and its rest was dropped. */
  readonly truncated?: boolean
}

/** What the engine says about itself and its machine. */
export interface EngineInfo {
  readonly id: string
  readonly version: string
  readonly api: string
  readonly cpus: number
  readonly memoryBytes: number
  /** Where the engine keeps volumes, on its own machine. */
  readonly rootDir: string
  readonly cgroupVersion: string
  readonly kernel: string
  readonly nodeId: string
}

/** An image that the engine has. */
export interface ImageState {
  readonly id: string
  readonly tags: readonly string[]
  /** `name@sha256:…` of the registries it came from; empty when it was built here. */
  readonly repoDigests: readonly string[]
  readonly sizeBytes: number
  readonly hasHealthcheck: boolean
  /** What its own health check asks for between two looks, in nanoseconds, by the key of a compose file; 0: the engine's usual. */
  readonly healthPauses: { readonly interval: number; readonly start_interval: number }
}
