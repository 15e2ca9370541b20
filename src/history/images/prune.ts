import type { Engine } from '../../engine/client.ts'
import { EngineRefusal } from '../../engine/connection.ts'
import type { Clock } from '../../lib/async/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import {
  forgetPulled,
  isHeld,
  type PulledImage,
  pulledImages,
  readPulled,
  withImages,
} from '../../lifecycle/app/pulled-images.ts'
import { type CurrentImage, type ImagePolicy, type PlannedImage, planImages } from './policy.ts'

export interface PruneImagesOptions {
  readonly state: string
  readonly engine: Engine
  readonly policy: ImagePolicy
  readonly clock: Pick<Clock, 'now'>
  /** References that kept data was made with. */
  readonly pinned: ReadonlySet<string>
  /** True: nothing is touched, only told. */
  readonly dryRun?: boolean
}

interface Use {
  readonly images: number
  readonly bytes: number
}

/** What a prune of images did, or would do. Bytes are what the engine says of each image: layers that images share count for each. */
export interface PruneImagesResult {
  readonly schema: 1
  readonly dryRun: boolean
  /** ISO 8601. */
  readonly at: string
  readonly policy: ImagePolicy
  readonly before: Use
  readonly after: Use
  readonly removed: readonly { readonly ref: string; readonly bytes: number; readonly why: 'age' | 'size' }[]
  /** What would have gone by the limits and stays. */
  readonly kept: readonly { readonly ref: string; readonly bytes: number; readonly why: string }[]
  readonly failures: readonly { readonly ref: string; readonly message: string }[]
}

/**
 * Removes images that runs of this state folder brought to the engine and that nobody needs: never one that was there before, has been built or tagged again since,
 * is used by a process of this machine, a service or a container, or that kept data was made with. Safe beside runs: each is looked at again, and removed, while
 * nobody begins to use an image.
 */
export async function pruneImages(options: PruneImagesOptions): Promise<PruneImagesResult> {
  const { state, engine, policy, clock, dryRun = false } = options
  const { id: on } = await engine.info()
  const now = clock.now()
  const all: CurrentImage[] = []
  for (const image of await pulledImages(state, on)) all.push(await lookAt(options, image))
  const planned = planImages(all, policy, now)
  const removed: PruneImagesResult['removed'][number][] = []
  const kept = all.flatMap((one) =>
    one.keep === null ? [] : [{ ref: one.image.ref, bytes: one.bytes, why: one.keep }],
  )
  const failures: PruneImagesResult['failures'][number][] = []
  for (const one of planned) {
    const { image, bytes, why } = one
    try {
      const keep = dryRun ? null : await withImages(() => remove(options, one))
      if (keep === null) removed.push({ ref: image.ref, bytes, why })
      else kept.push({ ref: image.ref, bytes, why: keep })
    } catch (error) {
      failures.push({ ref: image.ref, message: messageOf(error) })
    }
  }
  const before = { images: all.length, bytes: sum(all) }
  const after = { images: before.images - removed.length, bytes: before.bytes - sum(removed) }
  return { schema: 1, dryRun, at: new Date(now).toISOString(), policy, before, after, removed, kept, failures }
}

async function lookAt({ engine, pinned }: PruneImagesOptions, image: PulledImage): Promise<CurrentImage> {
  const found = await engine.image(image.ref)
  const bytes = found?.sizeBytes ?? 0
  const foreign = found !== null && (found.repoDigests.length === 0 || (image.id !== null && found.id !== image.id))
  if (foreign) return { image, bytes, keep: 'it means another image since, which no run brought here' }
  if (isHeld(image.ref)) return { image, bytes, keep: 'a run uses it now' }
  if (pinned.has(image.ref)) return { image, bytes, keep: 'kept data was made with it' }
  const wanted = (await engine.serviceImages()).some((ref) => ref === found?.id || ref.split('@')[0] === image.ref)
  return { image, bytes, keep: wanted ? 'a service uses it' : null }
}

/** Gives why it stays after all. Under the lock of `withImages`. */
async function remove(options: PruneImagesOptions, { image }: PlannedImage): Promise<string | null> {
  const { state, engine } = options
  const now = await readPulled(state, image.engine, image.ref)
  if (now === null || now.usedAt !== image.usedAt) return 'a run uses it now'
  const { keep } = await lookAt(options, now)
  if (keep !== null) return keep
  try {
    await engine.removeImage(image.ref)
    for (const id of image.earlier) await removeNameless(engine, id)
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 409) return 'a container uses it'
    throw error
  }
  forgetPulled(state, image)
  return null
}

/** What the name meant before it moved; somebody else may have given it a name since. */
async function removeNameless(engine: Engine, id: string): Promise<void> {
  const found = await engine.image(id)
  if (found && found.tags.length === 0) await engine.removeImage(id)
}

function sum(rows: readonly { readonly bytes: number }[]): number {
  return rows.reduce((all, { bytes }) => all + bytes, 0)
}
