import type { BackupSnapshot } from '../backup/restic.ts'
import type { PlantedWitnesses } from '../backup/witness/index.ts'
import type { BrowserKind } from '../browser/probe.ts'
import type { Deployer, Deployment, ImageUse, Release } from '../deploy/deployer.ts'
import type { Pin } from '../deploy/placement.ts'
import type { ProvidedDependency } from '../deps/provider.ts'
import type { EdgeAddress } from '../edge/address.ts'
import type { Engine } from '../engine/client.ts'
import type { Ledger } from '../engine/ledger.ts'
import type { StackWatch } from '../engine/watch/stack-watch.ts'
import type { Clock } from '../lib/async/clock.ts'
import type { Masker } from '../lib/masking/mask.ts'
import type { Cause, CauseCode } from '../verdict/causes.ts'
import { type CheckRef, checkTitle } from '../verdict/checks.ts'
import type { EventLog } from '../verdict/event-log.ts'
import type { CheckOutcome } from '../verdict/events.ts'
import type { TierId } from '../verdict/tiers.ts'
import type { HeldPorts } from './app/held-ports.ts'
import type { DiskGuard } from './disk/guard.ts'
import type { RunPlan } from './plan.ts'
import type { TierReporter } from './reporter.ts'
import type { RunResources } from './resources.ts'
import type { RunFolder } from './run-folder.ts'
import type { CanonicalKeeper } from './stored-data/canonical.ts'
import type { Checkpoints } from './stored-data/checkpoint.ts'
import type { DataDraft } from './stored-data/stored-data.ts'
import type { CustomRun } from './test-rows.ts'

/** What the machine gives to a run: shared, made before it, left after it. */
export interface Host {
  /** The Swarm with the containers of the node that the app is on. What is not the app's is beside cc-ci, on `engine.home`: browser, sandbox, dependencies. */
  readonly engine: Engine
  /** The node that the app is bound to; null: the Swarm has one. */
  readonly pin: Pin | null
  readonly edge: EdgeAddress
  /** False where service VIPs carry no traffic. */
  readonly vips: boolean
  readonly toolboxImage: string
  readonly browser: BrowserKind
  readonly images: ImageUse
  /** Only where the operator allows it. */
  readonly engineRestart?: EngineRestart
}

/** How the engine may be restarted in the middle of a run. */
interface EngineRestart {
  /** Why it must not be, as far as this machine knows: it is not cc-ci's own, or other runs live. Null: it may. */
  refusal(runId: string): string | null
  /** Resolves when the engine answers again; its Swarm may need longer. */
  restart(): Promise<void>
}

/**
 * Everything a tier may use. Nothing of it is replaced under whoever holds it: a tier that learns more of the plan (see `refine`) or of the host
 * (an edge at other ports) continues with a context of its own, and hands it to those after it: see `UpdateContext`.
 */
export interface RunContext {
  readonly plan: RunPlan
  readonly host: Host
  readonly folder: RunFolder
  readonly events: EventLog
  readonly masker: Masker
  readonly deployer: Deployer
  readonly clock: Clock
  /** Aborted by a signal or by the run's deadline, and in a tier as soon as the watch finds that the app failed. */
  readonly signal: AbortSignal
  /** The same without the watch: for what outlives a tier. */
  readonly runSignal: AbortSignal
  readonly resources: RunResources
  readonly state: AttemptState
  /** Over the app of this attempt. */
  readonly watch: StackWatch
  /** Over the disk that this attempt writes to. */
  readonly disk: DiskGuard
  /** Ports of this machine, kept from the first deployment to the end of the run, whatever number of attempts it has. */
  readonly ports: HeldPorts
  /** The app stays up after the run (`--keep`), and what it depends on with it. */
  readonly keep: boolean
  /** Brings up a dependency that is a recipe itself; handed in, because it takes the same steps as the app. */
  readonly provideRecipe: (context: RunContext, reporter: TierReporter, name: string) => Promise<ProvidedDependency>
  /** Values of the app's secrets by their full names, as far as this attempt made them. */
  readonly secretValues: ReadonlyMap<string, string>
  /** Where the data of a green released version is kept; null: nobody wants it kept. */
  readonly keeping: CanonicalRequest | null
  /** Whether and where the app is kept so that a failed run can be resumed; null: nobody wants it. */
  readonly checkpoints: Checkpoints | null
  /** What existed under this run's names before it began: nothing, or the ledger would lie. */
  readonly before: Ledger
}

/** A wish to keep the app's data as a canonical, and how far that has come. */
export interface CanonicalRequest {
  readonly keeper: CanonicalKeeper
  /** Who wishes it: whoever started the run, or the settings, which mean releases only. */
  readonly by: 'flag' | 'setting'
  /** Written when the app was stopped; it becomes the canonical when all is over and green. */
  draft: DataDraft | null
}

/** What the tiers of one attempt found out and made of the app, each written by the tier that owns it. */
export interface AttemptState {
  /** The first deployment: the base, or head without one. */
  installed?: Deployment
  /** Deployed version of the last deployment. */
  current?: Deployment
  /** True once head's own tasks serve: what backup and tests look at. */
  headServes: boolean
  /** The tier in which the watch found that the app failed: those after it need not look. */
  failedIn?: TierId
  /** When the last tier began at whose end the watch had found nothing; epoch ms. */
  doubtWindowStart?: number
  witnesses?: PlantedWitnesses
  /** The release on the way to head that runs now; see `steps.ts`. */
  step?: Release
  /** What is on the way: `from 1.2.0 to 1.3.0`. */
  stepping?: string
  /** Only where it is asked to go back after all else: the version before head, as it was right before the upgrade. */
  before?: VersionBefore
  /** What the backup tier took and the restore tier puts back. */
  snapshot?: BackupSnapshot
  /** The custom tests run once, for both tiers that they count for. */
  custom?: Promise<CustomRun>
}

/** The version before head with its backup, or why there is none. */
export type VersionBefore =
  | {
      readonly kind: 'backed-up'
      readonly snapshot: BackupSnapshot
      readonly deployed: Deployment
      /** Of that version alone: its witnesses are in the snapshot, and stay planted until it runs again. */
      readonly state: AttemptState
    }
  | { readonly kind: 'failed'; readonly stop: TierStop }

export function freshState(): AttemptState {
  return { headServes: false }
}

/** The acting half of a tier; what it is stands in `verdict/tiers.ts`. */
export interface TierRunner {
  run(context: RunContext, reporter: TierReporter, carryOn: UpdateContext): Promise<void>
}

/** Hands what a tier has learnt on to those after it, also where it fails later; gives the context to continue with itself. */
export type UpdateContext = (learnt: Partial<Pick<RunContext, 'plan' | 'host'>>) => RunContext

/** Ends a tier at once with the cause that decided it. */
export class TierStop extends Error {
  readonly check: CheckRef
  readonly outcome: Exclude<CheckOutcome, 'pass'>
  readonly why: Cause

  /** `cause`: the stop that this one tells in other words. */
  constructor(
    check: CheckRef,
    why: Cause,
    outcome: Exclude<CheckOutcome, 'pass'> = 'fail',
    options: { readonly cause?: TierStop } = {},
  ) {
    super(`${checkTitle(check)}: ${why.message}`, options)
    this.check = check
    this.outcome = outcome
    this.why = why
  }
}

/** Errors that carry the cause they amount to, thrown by engine and deployer. */
export function isCauseCode(code: string, codes: object): code is CauseCode {
  return Object.hasOwn(codes, code)
}
