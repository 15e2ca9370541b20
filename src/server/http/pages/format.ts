import { formatDuration } from '../../../lib/text/duration.ts'
import { levelName } from '../../../verdict/level.ts'
import type { QueuePlace, RunRow } from '../../contract/store.ts'

/** Why a run ended so, beside its badge: what that says already is not said again. */
export function outcomeReason({ outcome }: Pick<RunRow, 'outcome'>): string {
  if (!outcome) return ''
  if (outcome.cause) return `${outcome.tier}: ${outcome.cause}`
  if (outcome.verdict === 'pass' && outcome.level)
    return `up to ${levelName(outcome.level)}${outcome.flaky ? `; ${outcome.flaky}` : ''}`
  return outcome.message
}

/** Where a queued run is, in words; empty: it is not known. */
export function placed(place: QueuePlace | null): string {
  if (!place) return ''
  const eta = place.etaMs === null ? '' : `, about ${formatDuration(place.etaMs)}`
  return place.ahead === 0 ? `next${eta}` : `behind ${place.ahead}${eta}`
}
