import { z } from 'zod'
import { isRunId } from '../../lib/ids.ts'

/**
 * Data of an app as it lies on disk, of a canonical and of a checkpoint alike:
 *
 *     <folder>/                  0700, files 0600; never changed once it has its name
 *       manifest.json            what it is, without any secret; sha256 of all else
 *       secrets.json             environment and secrets of the app
 *       volumes/0.tar.zst        each volume as `readVolume` gives it; the sha256 of that stream is its content
 *
 * It is written under another name, synced to disk and renamed: a kill leaves all of it or nothing under its own.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0)

/** What every manifest has, whatever else it says. */
export const storedDataShape = z.object({
  /** The run whose app it was. */
  run: z.string().refine(isRunId),
  takenAt: z.iso.datetime(),
  app: z.object({ domain: z.string().min(1), stack: z.string().min(1) }),
  images: z.array(z.object({ service: z.string(), ref: z.string(), id: z.string().min(1) })).min(1),
  volumes: z.array(
    z.object({
      volume: z.string().regex(/^[A-Za-z0-9][\w.-]*$/),
      files: count,
      bytes: count,
      content: sha256,
      /** Below the folder. */
      file: z.string().regex(/^volumes\/\d+\.tar\.zst$/),
      /** Of that file. */
      storedBytes: count,
    }),
  ),
  /** sha256 of secrets.json. */
  secrets: sha256,
})

export type StoredDataManifest = z.infer<typeof storedDataShape>

export const secretsShape = z.object({
  env: z.record(z.string(), z.string()),
  /** By key under `secrets:`. */
  values: z.record(z.string(), z.string()),
})
