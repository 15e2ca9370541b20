import { parseDuration } from '../../lib/text/duration.ts'
import { parseSize } from '../../lib/text/size.ts'

/** What of the runs that may be pruned is pruned. Null: no limit of that sort. */
export interface RetentionPolicy {
  /** Runs that were ordered longer ago, in ms. */
  readonly olderThanMs: number | null
  /** What all run folders may hold together, in bytes of files, results included: beyond it the oldest runs are pruned. */
  readonly maxBytes: number | null
}

/** The limits as one writes them, where nobody says anything else. */
export const RETENTION_DEFAULTS = { olderThan: '90d', maxBytes: '10G' } as const

const NO_LIMIT = 'none'

/** `90d`, or `none`. Throws UsageError `bad-duration`. */
export function parseOlderThan(text: string): number | null {
  return text === NO_LIMIT ? null : parseDuration(text)
}

/** `10G`, or `none`. Throws UsageError `bad-size`. */
export function parseMaxBytes(text: string): number | null {
  return text === NO_LIMIT ? null : parseSize(text)
}
