import { z } from 'zod'
import { CHECKPOINT_TIERS } from '../../lifecycle/stored-data/checkpoint.ts'
import { TIER_IDS } from '../../verdict/tiers.ts'
import { storedDataShape } from '../stored-data/contract.ts'

/**
 * Checkpoints: the app of a run as it was when a tier had passed, so that a failed run can be resumed.
 *
 *     <state>/checkpoints/
 *       <run id>/
 *         <tier>/         as `stored-data/contract.ts` says, with this manifest; the last tier in order counts
 *       .taking/<run id>/ a draft: whoever dies leaves it, and the next one removes it
 *
 * - _Short-lived_: a run that passes takes its own away; others go seven days after they were taken, or when all together take more than the budget, the
 *   oldest first. What is over the budget by itself is not kept.
 * - _Beside the run folder_, not in it: it holds secrets, and a run folder is shown to people and looked through for secrets.
 * - _Exclusive_: one run at a time continues from a checkpoint, because the app gets its old name again.
 */

/** Another number is another tool's business: such a checkpoint is not used. */
export const CHECKPOINT_FORMAT = 1

const digest = z.record(z.string(), z.string())

export const checkpointShape = storedDataShape.extend({
  format: z.literal(CHECKPOINT_FORMAT),
  recipe: z.object({ name: z.string().min(1), commit: z.string().regex(/^[0-9a-f]{40}$/), dirty: z.boolean() }),
  after: z.enum(CHECKPOINT_TIERS),
  /** What the run was asked for. */
  asked: z.object({
    base: z.string(),
    only: z.array(z.enum(TIER_IDS)).optional(),
    rollback: z.boolean().optional(),
  }),
  digests: z.object({ base: digest.nullable(), head: digest }),
})

export type CheckpointManifest = z.infer<typeof checkpointShape>
