import type { PruneImagesResult } from '../../history/images/prune.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { formatSize } from '../../lib/text/size.ts'

/** A prune of images for a person: what went or would go, what was left alone and why, and what stays. */
export function imagesText({ dryRun, policy, removed, kept, failures, after }: PruneImagesResult): string {
  const { olderThanMs, maxBytes } = policy
  const limits = [
    olderThanMs === null ? 'whatever their age' : `not used for ${formatDuration(olderThanMs)}`,
    maxBytes === null ? 'whatever their size' : `beyond ${formatSize(maxBytes)}`,
  ].join(', ')
  const verb = dryRun ? 'would remove' : 'removed'
  const rows = [
    removed.length === 0 ? `nothing to remove: ${limits}` : `${verb} ${images(removed.length)}: ${limits}`,
    ...removed.map(({ ref, bytes, why }) => `  ${formatSize(bytes).padStart(9)}  ${why.padEnd(4)}  ${ref}`),
    ...kept.map(({ ref, bytes, why }) => `  ${formatSize(bytes).padStart(9)}  left  ${ref}: ${why}`),
    ...failures.map(({ ref, message }) => `could not be removed: ${ref}: ${message}`),
    `${images(after.images)} that runs brought here with ${formatSize(after.bytes)} ${dryRun ? 'would stay' : 'here now'}`,
  ]
  return `${rows.join('\n')}\n`
}

function images(count: number): string {
  return `${count} image${count === 1 ? '' : 's'}`
}
