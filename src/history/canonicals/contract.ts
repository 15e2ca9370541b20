import { z } from 'zod'
import { storedDataShape } from '../stored-data/contract.ts'

/**
 * Canonicals: the data of the last green released versions, one for each version of each recipe, kept so that later runs start where operators are.
 *
 *     <state>/canonicals/
 *       <recipe>-<8 hex of its origin>/<version, percent-encoded>/
 *         <run id>/                    one generation, as `stored-data/contract.ts` says; its manifest has this schema
 *         used                         its time of change is when the version was last lent
 *       .taking/<run id>/              a draft: whoever dies leaves it, and the next one removes it
 *
 * - _Atomic_: a draft is synced to disk and renamed to its place; only then the generation before it is removed. A kill leaves the old one, or both
 *   whole, of which the newest counts, or the new one.
 * - _Exclusive_: a version is lent to one process at a time, because the app gets its old name again. Whoever has it holds a lock of the kernel, which
 *   ends with the process; what is lent is neither removed nor evicted.
 * - _True_: what is lent was read whole and compared with its manifest, and its images are those that its references name now.
 * - _For the owner alone_: folders 0700, files 0600.
 */

/** Another number is another tool's business: such a canonical is not used, and is the first to go. */
export const CANONICAL_FORMAT = 1

export const manifestShape = storedDataShape.extend({
  format: z.literal(CANONICAL_FORMAT),
  recipe: z.object({ name: z.string().min(1), origin: z.string().min(1) }),
  /** The tag. */
  version: z.string().min(1),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  environment: z.object({ tool: z.string(), engine: z.string(), api: z.string() }),
})

export type CanonicalManifest = z.infer<typeof manifestShape>
