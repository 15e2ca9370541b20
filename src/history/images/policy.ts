import { fromEnvironment } from '../../lib/environment.ts'
import { parseDuration } from '../../lib/text/duration.ts'
import { parseSize } from '../../lib/text/size.ts'
import type { PulledImage } from '../../lifecycle/app/pulled-images.ts'

/** What of the images that runs brought to the engine is removed. Null: no limit of that sort. */
export interface ImagePolicy {
  /** Not used for so long, in ms. */
  readonly olderThanMs: number | null
  /** What they may take together, in bytes as the engine tells the size of each: beyond it those go that were not used for longest. */
  readonly maxBytes: number | null
}

const NO_LIMIT = 'none'

/** What is asked for, else what the operator set, else the defaults. Throws UsageError `bad-duration`, `bad-size`. */
export function imagePolicy(options: { readonly olderThan?: string; readonly maxBytes?: string } = {}): ImagePolicy {
  const age = options.olderThan ?? fromEnvironment('CC_CI_IMAGES_AGE')
  const size = options.maxBytes ?? fromEnvironment('CC_CI_IMAGES_SIZE')
  return {
    olderThanMs: age === NO_LIMIT ? null : parseDuration(age),
    maxBytes: size === NO_LIMIT ? null : parseSize(size),
  }
}

/** A recorded image as it is now. */
export interface CurrentImage {
  readonly image: PulledImage
  /** 0: the engine has it no more. */
  readonly bytes: number
  /** Why it stays whatever the limits say; null: it may go. */
  readonly keep: string | null
}

export interface PlannedImage extends CurrentImage {
  readonly why: 'age' | 'size'
}

/** What goes: whatever was not used for too long, then those that were not used for longest, until the rest is within the limit. */
export function planImages(all: readonly CurrentImage[], policy: ImagePolicy, now: number): readonly PlannedImage[] {
  const { olderThanMs, maxBytes } = policy
  const byUse = [...all].sort((a, b) => a.image.usedAt.localeCompare(b.image.usedAt))
  let bytes = byUse.reduce((sum, one) => sum + one.bytes, 0)
  const planned: PlannedImage[] = []
  const isOld = ({ image }: CurrentImage) => olderThanMs !== null && now - Date.parse(image.usedAt) >= olderThanMs
  for (const one of byUse) {
    if (one.keep !== null || !isOld(one)) continue
    planned.push({ ...one, why: 'age' })
    bytes -= one.bytes
  }
  for (const one of byUse) {
    if (maxBytes === null || bytes <= maxBytes) break
    if (one.keep !== null || isOld(one)) continue
    planned.push({ ...one, why: 'size' })
    bytes -= one.bytes
  }
  return planned
}
