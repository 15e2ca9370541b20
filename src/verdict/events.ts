import type { WaitId } from '../lib/async/waits.ts'
import type { Blanks } from '../lib/text/titles.ts'
import type { Cause } from './causes.ts'
import type { CheckIdentity } from './checks.ts'
import type { Evidence } from './evidence.ts'
import type { OperationFacts } from './operations.ts'
import type { TierId } from './tiers.ts'

/** What a run says about itself before anything is touched. */
export interface RunHeader {
  readonly run: { readonly id: string; readonly host: string }
  readonly tool: { readonly name: 'cc-ci'; readonly version: string; readonly commit: string | null }
  readonly recipe: {
    readonly name: string
    /** Where it came from: a path or URL, without credentials. */
    readonly origin: string
    /** 40 hex. */
    readonly commit: string
    /** The version label of head; null where the app service has none. */
    readonly version: string | null
    readonly dirty: boolean
    /** The annotated tag on this very commit; null: it is no release. Streams of earlier versions do not say. */
    readonly released?: string | null
  }
  readonly base: BaseRef | null
  /** The tiers this run was asked to judge, in order; all others end as a skip of kind `not-selected`. */
  readonly selected: readonly TierId[]
  readonly stack: string
  readonly domain: string
  readonly customization: Customization
  /** The operator's `policy.lint: enforce`: a failed lint fails the run, not only its rung. Default false. */
  readonly lintEnforced?: boolean
  /** See `EVIDENCE_SCHEMA`. Streams of earlier versions have none. */
  readonly evidenceSchema?: number
  /** See `Contract`. Streams of earlier versions have none. */
  readonly contract?: Contract
  /** What earlier runs of the recipe took; missing where none is remembered. */
  readonly expected?: Expectations
  /** Streams of earlier versions have none. */
  readonly deadlines?: Deadlines
  /** Only of a run that continues from a failed one: which, and the tier after which its app was kept. */
  readonly resumed?: { readonly run: string; readonly after: TierId }
}

/** How long something took in earlier runs in which it passed, in ms. */
export interface DurationPercentiles {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly runs: number
}

/** What earlier runs of a recipe took: shown while one waits, and what a timeout may be raised by. */
export interface Expectations {
  /** How many runs it stands on. */
  readonly runs: number
  /** When the oldest of them began, ISO 8601. */
  readonly since: string
  /** Id of the newest of them. */
  readonly newest: string
  readonly tiers: readonly (DurationPercentiles & { readonly id: TierId })[]
  /** The longest deployment of each run, until every service was up; null: too few runs tell. */
  readonly deploy: DurationPercentiles | null
}

/** The deadlines that are not the same for every run of a recipe, each with where it comes from. */
export interface Deadlines {
  /** `why` is for a person. */
  readonly deploy: {
    readonly ms: number
    readonly source: 'setting' | 'default' | 'label' | 'memory'
    readonly why: string
  }
}

/** What head asks of whoever operates it, by its files: names only, sorted. */
export interface Contract {
  /** Lines of `.env.sample` that are no comment. */
  readonly variables: readonly string[]
  /** Of these, and of what the compose files name, what has no value unless the operator gives one. */
  readonly mustBeSet: readonly string[]
  /** Secrets that some service uses. */
  readonly secrets: readonly string[]
  readonly services: readonly string[]
  /** Of its own, mounted by some service. */
  readonly volumes: readonly string[]
  /** `443/tcp`. */
  readonly ports: readonly string[]
  /** `DOMAIN/`, `www.DOMAIN/admin`. */
  readonly routes: readonly string[]
}

export interface BaseRef {
  readonly version: string
  readonly commit: string
  readonly source: 'pin' | 'canonical' | 'tag' | 'branch'
  /** The releases through which the app goes on its way from there to head, in order. Absent: straight to head. */
  readonly via?: readonly { readonly version: string; readonly commit: string }[]
}

/** The version from which the upgrade to head itself starts: `1.2.0` straight to head, else the last one on the way. */
export function upgradeSource({ version, commit, via = [] }: BaseRef): {
  readonly version: string
  readonly commit: string
} {
  return via.at(-1) ?? { version, commit }
}

/** `1.2.0`, or `1.2.0 by way of 1.3.0`. */
export function upgradePath({ version, via = [] }: Pick<BaseRef, 'version' | 'via'>): string {
  return via.length === 0 ? version : `${version} by way of ${via.map((step) => step.version).join(', ')}`
}

/** Everything that makes this run different from one of the same recipe with nothing added. Secret-named values are masked. */
export interface Customization {
  /** Dotted setting to its value as written. */
  readonly config: Readonly<Record<string, unknown>>
  readonly hooks: readonly string[]
  readonly overlays: readonly string[]
  readonly tests: readonly string[]
  /** Names of the app's environment that settings change. */
  readonly envOverrides: readonly string[]
  /** Code that was found and not run. */
  readonly refused: readonly string[]
  /** Dotted setting to `cc-ci/cc-ci.yml:3:5`. */
  readonly sources?: Readonly<Record<string, string>>
  readonly deps?: readonly string[]
  readonly approval?: string
}

export interface EnvironmentFacts {
  readonly engine: string
  readonly api: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly load: readonly number[]
  /** What follows is in the streams of this version only. Of the machine of the engine. */
  readonly kernel?: string
  readonly cgroup?: string
  /** Whether service VIPs carry traffic. */
  readonly vips?: boolean
  /** Image of the edge: `cc-ci/traefik:3.7.15`; `foreign` for a Traefik that the operator named. */
  readonly edge?: string
  /** As the browser calls itself: `Chromium 150.0.1 ...`. */
  readonly browser?: string
  /** What the app had of the memory, all its services together. */
  readonly runMemoryBytes?: number
  /** Host name of the node that the app was on, in a Swarm of several. */
  readonly node?: string
  /** Whether Chromium's own sandbox works within its container. */
  readonly browserSandbox?: boolean
  /** What put the app on the engine: `native`, `abra 0.13.0-beta`. */
  readonly deployer?: string
}

export interface Finding {
  /** Stable and kebab-case, or a lint rule's id. */
  readonly code: string
  readonly severity: 'info' | 'warning' | 'error'
  readonly message: string
  /** `compose.yml:12:5`. */
  readonly where?: string
}

export interface Artifact {
  readonly kind: 'screenshot' | 'report' | 'junit' | 'trace' | 'log' | 'visual-difference' | 'card'
  /** Relative to the run folder. */
  readonly path: string
  readonly sha256: string
}

/** A container of the app whose log is kept: which start of its service it was, and how it ended. */
export interface ContainerRun {
  readonly service: string
  /** Id of its task, as in the name of its log: `logs/<service>.<task>.log`. */
  readonly task: string
  /** ISO 8601; null: it was never started. */
  readonly startedAt: string | null
  /** Null: it still ran when its log was kept. */
  readonly finishedAt: string | null
  readonly exitCode: number | null
  readonly oomKilled: boolean
}

export interface TestRow {
  readonly title: string
  readonly file: string
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly durationMs: number
  readonly error?: string
  /** Only of one that failed: a test waits for things under time limits. */
  readonly machine?: MachineState
  readonly reason?: string
  /** Paths in the run folder. */
  readonly artifacts?: readonly string[]
  /** Nothing of it decides anything, by the operator's will. `until`: the last day, in UTC. */
  readonly quarantined?: { readonly reason: string; readonly until: string }
}

/** Why a tier did not run. Only `structural` and `declared` count as a rung that need not be climbed. */
export type SkipKind = 'structural' | 'declared' | 'not-selected'

/** What a check found. `unverified`: it could not look, which is never the recipe's fault. */
export type CheckOutcome = 'pass' | 'fail' | 'unverified'

/** What a machine had left at one moment. */
export interface MachineState {
  /** Average load of the last 1, 5 and 15 minutes. */
  readonly load: readonly number[]
  readonly processors: number
  readonly memoryBytes: { readonly available: number; readonly total: number }
  /** Of the disk of the run folder; null where it cannot be asked. */
  readonly diskFreeBytes: number | null
  /** Of a test that ran out of time: for how long within its time limit processes of the app and of its tests waited for a processor, in ms, added up by container. Not there where the kernel does not say it. */
  readonly waitedMs?: number
}

/** `operation` is for a reader. Streams of earlier versions have no kind. */
type OperationBody = Partial<OperationFacts> & { readonly tier: TierId; readonly operation: string }

/** A kept file that no masker has read, and what kept it from that. */
export interface NotLooked {
  /** Path in the run folder. */
  readonly file: string
  /** `within`: an archive whose texts were read, and which holds something else too. */
  readonly why: 'picture' | 'binary' | 'archive' | 'too-large' | 'within'
}

/** The body of each event by its type. Events are facts in the order they happened; outcomes are computed from them by `fold`. */
export interface EventBodies {
  'run.started': RunHeader
  environment: EnvironmentFacts
  accommodation: { readonly text: string }
  finding: Finding
  artifact: Artifact
  /** A harness-level line worth keeping: what is about to be done. */
  note: { readonly text: string }
  /** Everything was taken down, and the app is judged once more from the start; `because` says what the attempt before ended with. */
  'attempt.started': { readonly attempt: number; readonly because: string }
  'tier.started': { readonly tier: TierId }
  'tier.skipped': { readonly tier: TierId; readonly kind: SkipKind; readonly reason: string }
  /** The tier could not be started because `by` did not pass. */
  'tier.blocked': { readonly tier: TierId; readonly by: TierId }
  /** What the tier finds wanting is not proven: something that it may need was refused or is missing. */
  'tier.doubted': { readonly tier: TierId; readonly cause: Cause }
  'tier.ended': { readonly tier: TierId }
  'operation.started': OperationBody
  'operation.ended': OperationBody & { readonly ms: number }
  'wait.progress': Blanks & {
    readonly tier: TierId
    /** Streams of earlier versions have none. */
    readonly id?: WaitId
    /** For a reader. */
    readonly name: string
    readonly reason: string
    readonly waitedMs: number
    readonly deadlineMs: number
  }
  /** `name` is for a reader; the rest tells which check it is. Streams of earlier versions have the name alone. */
  check: Partial<CheckIdentity> & {
    readonly tier: TierId
    readonly name: string
    readonly outcome: CheckOutcome
    readonly cause?: Cause
    readonly machine?: MachineState
  }
  evidence: { readonly tier: TierId; readonly evidence: Evidence }
  test: { readonly tier: TierId; readonly test: TestRow }
  /** `sizeBytes`: streams of earlier versions have none. */
  image: { readonly service: string; readonly ref: string; readonly id: string; readonly sizeBytes?: number }
  /** What the programs of a service hold in memory at the end of a tier, without what the kernel would give back. */
  memory: { readonly tier: TierId; readonly service: string; readonly bytes: number }
  /** Again whenever what is known of it has changed: the last one counts. Streams of earlier versions have none. */
  container: ContainerRun
  leak: { readonly kind: string; readonly name: string }
  /**
   * The last look of the masker over everything that is kept: how many files it could read, which of them still held a secret, and what it could not look into.
   * Streams of earlier versions do not have the last.
   */
  'secrets.scanned': {
    readonly files: number
    readonly leaks: readonly string[]
    readonly notLooked?: readonly NotLooked[]
  }
  'run.interrupted': { readonly signal: 'SIGINT' | 'SIGTERM' | 'cancel' | 'deadline' }
  'run.ended': Record<never, never>
}

export type EventType = keyof EventBodies

/** One line of `events.ndjson`. `seq` counts from 1 without gaps; `at` is ISO 8601 in UTC. */
export type RunEvent = {
  [T in EventType]: { readonly seq: number; readonly at: string; readonly type: T } & EventBodies[T]
}[EventType]

/** An event before the stream has numbered and stamped it. */
export type EventDraft = { [T in EventType]: { readonly type: T } & EventBodies[T] }[EventType]

/** Where a run's events go. `append` returns once the line is with the operating system. */
export interface EventSink {
  append(event: EventDraft): void
}
