import type { Release } from '../../deploy/deployer.ts'
import { TIERS, type TierId, withNeeds } from '../../verdict/tiers.ts'
import type { PlanRequest, RunPlan } from '../plan.ts'
import { type ReleaseDigest, releaseDigest } from '../planning/release-digest.ts'
import type { DataDraft, StoredApp, StoredData, StoredSecrets } from './stored-data.ts'

/**
 * What a run knows of checkpoints: its app as it was when a tier had passed, kept so that a failed run can be resumed (`cc-ci test --resume`) and need
 * not begin with an empty installation again. The store is handed in from above (`src/history/checkpoints`, whose contract says what lies on disk).
 *
 * The data is copied only while the app stands still, because a copy of running databases may be none: for nothing right before the machine is lost, when
 * backup has passed; on request (`--checkpoints`) after install and upgrade too, for which the app is stopped and started again.
 */

/** Tiers after which the app may be kept, in order. */
export const CHECKPOINT_TIERS = ['install', 'upgrade', 'backup'] as const satisfies readonly TierId[]
export type CheckpointTier = (typeof CHECKPOINT_TIERS)[number]

/** What was deployed, for telling whether another plan would deploy the same. */
export interface DeployedDigests {
  /** Null: without a base. */
  readonly base: ReleaseDigest | null
  readonly head: ReleaseDigest
}

/** What the run was asked for, as far as one that continues from it must be asked for the same. */
type CheckpointRequest = Pick<PlanRequest, 'base' | 'only' | 'rollback'>

/** What is kept, but for the data itself. */
export interface CheckpointFacts {
  readonly recipe: { readonly name: string; readonly commit: string; readonly dirty: boolean }
  /** The last tier that had passed. */
  readonly after: CheckpointTier
  readonly request: CheckpointRequest
  readonly digests: DeployedDigests
}

/** A checkpoint that is whole, lent to one run. */
export interface Checkpoint extends CheckpointFacts {
  readonly data: StoredData
}

/** A run that continues from a failed one. */
export interface ResumedRun {
  /** The failed one. */
  readonly run: string
  readonly checkpoint: Checkpoint
  /** Tiers that passed in it, in order. */
  readonly passed: readonly TierId[]
}

/** Writing. */
export interface CheckpointKeeper {
  /** Why the app of such a run cannot be had again from its volumes, for a person; null: it can. */
  refusal(plan: RunPlan): string | null
  /** Begins a new one, which takes the place of the one that the run has. Throws InfraError `checkpoint-no-room` before anything is written. */
  begin(facts: CheckpointFacts, app: StoredApp, secrets: StoredSecrets, bytes: number): Promise<DataDraft>
  /** The tier after which the app of a run is kept; null: nothing is. */
  storedAfter(run: string): CheckpointTier | null
  /** Removes what is kept of a run. */
  discard(run: string): Promise<void>
}

/** A wish for checkpoints. */
export interface Checkpoints {
  readonly keeper: CheckpointKeeper
  /** The app is stopped for one after each tier that changes it; false: only where it stands still anyway. */
  readonly everyTier: boolean
}

/** What runs of the app once this tier has passed. */
export function releaseAfter(
  { base, upgrade, head }: Pick<RunPlan, 'base' | 'upgrade' | 'head'>,
  tier: CheckpointTier,
): Release {
  return tier === 'install' && base.kind === 'base' ? base.release : (upgrade ?? head)
}

export function digestsOf({ base, upgrade, head }: Pick<RunPlan, 'base' | 'upgrade' | 'head'>): DeployedDigests {
  const { release }: { release: Release | null } = base.kind === 'base' ? base : { release: null }
  return { base: release && releaseDigest(release), head: releaseDigest(upgrade ?? head) }
}

/** The tiers that made the app what it is in the checkpoint: nothing has to be judged again for those after them. */
export function carriedTiers({ checkpoint: { after } }: ResumedRun): readonly TierId[] {
  return after === 'install' ? ['install'] : ['install', 'upgrade']
}

/** Of the tiers that the failed run was to judge: those that did not pass, and what they need from a tier that passed, in order. */
export function remainingTiers(selected: readonly TierId[], resumed: ResumedRun): TierId[] {
  const carried = carriedTiers(resumed)
  const open = ({ app }: (typeof TIERS)[TierId]) => app === 'none' || app === 'last'
  const can = (id: TierId) => TIERS[id].needs.every((need) => need !== 'upgrade' || !carried.includes(need))
  const left = selected.filter((id) => open(TIERS[id]) || (!resumed.passed.includes(id) && !carried.includes(id)))
  return withNeeds(left.filter(can)).filter((id) => !carried.includes(id))
}

/** Why a tier is not judged in a run that continues; null: for no reason of that. */
export function resumeSkipReason(tier: TierId, resumed: ResumedRun | null): string | null {
  if (resumed?.passed.includes(tier)) return `passed in run ${resumed.run}, from which this one continues`
  return resumed && TIERS[tier].needs.includes('upgrade') && carriedTiers(resumed).includes('upgrade')
    ? `cannot be judged where run ${resumed.run} is resumed: the upgrade is over`
    : null
}
