import type { Clock } from '../../lib/clock.ts'
import type { Store } from '../contract/store.ts'

/** A worker that was not here for so long is not counted on. */
const KNOWN_MS = 3_600_000

/** Memory of the largest worker of late, in bytes; null while none is known. */
export async function largestWorker(store: Pick<Store, 'workers'>, clock: Pick<Clock, 'now'>): Promise<number | null> {
  const since = clock.now() - KNOWN_MS
  const sizes = (await store.workers()).flatMap(({ seenAt, memoryBytes }) =>
    seenAt !== null && memoryBytes !== null && Date.parse(seenAt) >= since ? [memoryBytes] : [],
  )
  return sizes.length === 0 ? null : Math.max(...sizes)
}
