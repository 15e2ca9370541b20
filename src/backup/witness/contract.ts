import type { ResolvedStack } from '../../recipe/model.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import type { BackupPlan } from '../plan.ts'
import type { SettledExecOptions } from '../settled-exec.ts'
import type { Toolbox } from '../toolbox.ts'

/** One row of the evidence `witness`. `before`, `destroyed` and `after` are counts and hashes, never data of the app. */
export type WitnessRow = Extract<Extract<Evidence, { kind: 'witness' }>, { witnesses: unknown }>['witnesses'][number]

/** What a witness may use: the volumes through the toolbox, databases through their own containers. */
export interface WitnessContext extends SettledExecOptions {
  readonly toolbox: Toolbox
  /** Name of the stack: what its volumes' names begin with. */
  readonly stack: string
  /** The stack as it is deployed now. */
  readonly model: ResolvedStack
  readonly plan: BackupPlan
}

/**
 * Data whose survival is watched. Order: `plant` once, after the app has converged (a database must have made its own files
 * first); then `compare` any number of times, `destroy` at most once, and `remove` at the end, which is idempotent and safe
 * after a failure at any point. After `remove` the app's data is as if it had never been planted. Where a whole machine is lost: `note` right before it,
 * then `afterLoss` once the app has come up as new, and no `destroy`.
 */
export interface Witness {
  /** `volume:data`, `postgres:db`, `mariadb:db` or `redis:cache`. */
  readonly subject: string
  readonly kind: WitnessRow['kind']
  /** Short name of the volume it lies in; a database that is asked over its own protocol has none. */
  readonly volume?: string
  /** Null: the backup labels promise it back; otherwise why they do not. */
  readonly excluded: string | null
  plant(around: WitnessContext): Promise<void>
  /** Right before containers are killed: what is planted becomes data that the server has had for long. Absent: it is on disk as soon as it is planted. */
  flush?(around: WitnessContext): Promise<void>
  /** Compares with the state that `plant` left. */
  compare(around: WitnessContext): Promise<WitnessRow>
  /** Right before all that a backup must bring back is destroyed by somebody else. */
  note(around: WitnessContext): Promise<void>
  /**
   * Looks at what is there in its place. What was not destroyed though the labels promise it back is destroyed as `destroy` does it.
   */
  afterLoss(around: WitnessContext): Promise<void>
  /** Takes away what a restore must bring back; does nothing where nothing was planted or it is excluded. */
  destroy(around: WitnessContext): Promise<void>
  remove(around: WitnessContext): Promise<void>
}
