import { z } from 'zod'
import { isRunId } from '../../lib/ids.ts'

/**
 * Canonicals: the data of the last green released versions, one for each version of each recipe, kept so that later runs start where operators are.
 *
 *     <state>/canonicals/
 *       <recipe>-<8 hex of its origin>/<version, percent-encoded>/
 *         <run id>/                    one generation, never changed once it has this name
 *           manifest.json              what it is: this schema; no secret in it
 *           secrets.json               0600: environment and secrets of the app; its sha256 stands in the manifest
 *           volumes/0.tar.zst          each volume as `readVolume` gives it; the sha256 of that stream is its content
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
export const FORMAT = 1

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0)

export const manifestShape = z.object({
  format: z.literal(FORMAT),
  recipe: z.object({ name: z.string().min(1), origin: z.string().min(1) }),
  /** The tag. */
  version: z.string().min(1),
  commit: z.string().regex(/^[0-9a-f]{40}$/),
  run: z.string().refine(isRunId),
  takenAt: z.iso.datetime(),
  environment: z.object({ tool: z.string(), engine: z.string(), api: z.string() }),
  app: z.object({ domain: z.string().min(1), stack: z.string().min(1) }),
  images: z.array(z.object({ service: z.string(), ref: z.string(), id: z.string().min(1) })).min(1),
  volumes: z.array(
    z.object({
      volume: z.string().regex(/^[A-Za-z0-9][\w.-]*$/),
      files: count,
      bytes: count,
      content: sha256,
      /** Below the generation's folder. */
      file: z.string().regex(/^volumes\/\d+\.tar\.zst$/),
      /** Of that file. */
      storedBytes: count,
    }),
  ),
  /** sha256 of secrets.json. */
  secrets: sha256,
})

export type Manifest = z.infer<typeof manifestShape>

export const secretsShape = z.object({
  env: z.record(z.string(), z.string()),
  /** By key under `secrets:`. */
  values: z.record(z.string(), z.string()),
})
