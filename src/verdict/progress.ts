import type { RunEvent } from './events.ts'
import type { TierId } from './tiers.ts'

/** Where a run is that has not ended. Of tiers that are neither over nor running nothing is known yet. */
export interface Progress {
  /** Tiers of the attempt under way that are over. */
  readonly over: ReadonlySet<TierId>
  /** The tier under way; null: between two, or before the first. */
  readonly running: { readonly tier: TierId; readonly since: string } | null
  /** What cc-ci does to the app now, in words. */
  readonly operation: string | null
  /** What is waited for now, as it was last told. */
  readonly wait: Wait | null
  /** From 1. */
  readonly attempt: number
}

/** `at`: ISO 8601, when it was told; it had waited `waitedMs` then, of at most `deadlineMs`. */
type Wait = Pick<Extract<RunEvent, { type: 'wait.progress' }>, 'name' | 'reason' | 'waitedMs' | 'deadlineMs' | 'at'>

/** Where the run is that these are the events of so far. */
export function progressOf(events: readonly RunEvent[]): Progress {
  let over = new Set<TierId>()
  let running: Progress['running'] = null
  let operation: string | null = null
  let wait: Wait | null = null
  let attempt = 1
  for (const event of events) {
    switch (event.type) {
      case 'attempt.started':
        over = new Set()
        attempt = event.attempt
        break
      case 'tier.started':
        running = { tier: event.tier, since: event.at }
        break
      case 'tier.ended':
      case 'tier.skipped':
      case 'tier.blocked':
        over.add(event.tier)
        running = null
        break
      case 'operation.started':
        operation = event.operation
        break
      case 'operation.ended':
        operation = null
        break
      case 'wait.progress':
        wait = event
        break
    }
    // The stream has no end of a wait: the next event of what cc-ci does says it.
    if (event.type !== 'wait.progress' && event.type !== 'container' && event.type !== 'memory') wait = null
    if (running === null) operation = null
  }
  return { over, running, operation, wait, attempt }
}
