import type { Clock } from '../../lib/async/clock.ts'
import type { DiskGauge } from './gauge.ts'
import { type DiskBounds, isShort, UNKNOWN_PATIENCE_MS } from './judge.ts'

/**
 * Looks at the room while somebody measures, which may take minutes where there are very many files. Resolves when the disk has been short without a break for as long as
 * a run waits that cannot tell what it holds; with null when the signal ends it. Never rejects.
 */
export async function awaitShortage(
  gauge: Pick<DiskGauge, 'everyMs' | 'room'>,
  bounds: DiskBounds,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<{ readonly since: number } | null> {
  let since: number | null = null
  while (!signal.aborted) {
    await clock.sleep(gauge.everyMs, signal).catch(() => undefined)
    const free = (await gauge.room().catch(() => null))?.free
    if (free === undefined || !isShort({ free, ahead: free }, bounds)) since = null
    else since ??= clock.now()
    if (since !== null && clock.now() - since >= UNKNOWN_PATIENCE_MS) return { since }
  }
  return null
}
