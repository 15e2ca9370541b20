import { z } from 'zod'
import { PRUNE_KINDS } from './kinds.ts'
import { KEEP_REASONS, type KeepReason } from './standing.ts'

const use = { files: z.int(), bytes: z.int() }
const kindUse = z.object({ kind: z.enum(PRUNE_KINDS), ...use })
const folders = z.object({ runs: z.int(), bytes: z.int() })

/** What a prune did, or would do: the answer of `cc-ci gc --runs --json`. Bytes are those of files. */
export const pruneOutcome = z.object({
  schema: z.literal(1),
  dryRun: z.boolean(),
  at: z.iso.datetime(),
  policy: z.object({ olderThanMs: z.number().nullable(), maxBytes: z.number().nullable() }),
  /** All run folders. */
  before: folders,
  after: folders,
  /** What went in all. */
  kinds: z.array(kindUse.extend({ runs: z.int() })),
  /** What went of each run, oldest first. `begun`: an earlier prune was stopped in the middle of it. */
  pruned: z.array(z.object({ run: z.string(), why: z.enum(['age', 'size', 'begun']), kinds: z.array(kindUse) })),
  /** Runs that are left alone whatever their age and size. */
  kept: z.array(
    z.object({
      run: z.string(),
      reason: z.enum(Object.keys(KEEP_REASONS) as [KeepReason, ...KeepReason[]]),
      words: z.string(),
      /** What could have gone of it. */
      bytes: z.int(),
    }),
  ),
  /** Runs within the limits, and runs of which nothing is left but what is kept forever. */
  within: z.int(),
  bare: z.int(),
  /** Checkouts of cc-ci that `cc-ci ab` made, and their packages, that were not used for so long as runs may be old. */
  builds: z.array(
    z.object({
      kind: z.enum(['checkout', 'packages']),
      name: z.string(),
      bytes: z.int(),
      /** Why it is still there; null: it went, or would go. */
      failure: z.string().nullable(),
    }),
  ),
  /** What could not be removed; the next prune tries again. */
  failures: z.array(z.object({ run: z.string(), message: z.string() })),
})
export type PruneOutcome = z.infer<typeof pruneOutcome>
