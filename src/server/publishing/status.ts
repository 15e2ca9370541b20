import { formatDuration } from '../../lib/text/duration.ts'
import type { QueuePlace, RunRow } from '../contract/store.ts'
import type { Progress } from './progress.ts'

/** The name of our status. */
export const STATUS_CONTEXT = 'cc-ci/testme'
const MOST_DESCRIPTION = 140

/** State and description of a run's commit status. */
export function statusOf(
  row: RunRow,
  { place, progress }: { readonly place: QueuePlace | null; readonly progress: Progress | null },
): { readonly state: 'pending' | 'success' | 'failure' | 'error'; readonly description: string } {
  const { state, outcome } = row
  if (state === 'queued') return { state: 'pending', description: waitingText(place) }
  if (state === 'running') return { state: 'pending', description: runningText(row, progress) }
  if (!outcome) return { state: 'error', description: state }
  if (outcome.verdict === null) return { state: 'error', description: cut(outcome.message) }
  const level = outcome.level === null ? '' : `, level ${outcome.level}`
  const why = outcome.cause ? `: ${outcome.tier} ${outcome.cause}` : ''
  // Somebody who merges by the status alone must see that the pass was flaky.
  const flaky = outcome.flaky ? `, ${outcome.flaky}` : ''
  return { state: STATES[outcome.verdict], description: cut(`${outcome.verdict}${level}${why}${flaky}`) }
}

const STATES = { pass: 'success', fail: 'failure', unverified: 'error' } as const

export function waitingText(place: QueuePlace | null): string {
  if (!place) return 'queued'
  const eta = place.etaMs === null ? '' : `, about ${formatDuration(place.etaMs)}`
  return place.ahead === 0 ? `queued, next${eta}` : `queued behind ${place.ahead}${eta}`
}

/** For example `running: upgrade (3 of 8), begun after 1 min 20 s`. */
export function runningText({ attempt }: RunRow, progress: Progress | null): string {
  const running = `running${attempt > 1 ? `, attempt ${attempt}` : ''}`
  if (!progress) return running
  const { tier, place, afterMs } = progress
  return `${running}: ${tier}${place ? ` (${place.at} of ${place.of})` : ''}, begun after ${formatDuration(afterMs)}`
}

/** On one line, cut to what a status may hold. */
function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= MOST_DESCRIPTION ? line : `${line.slice(0, MOST_DESCRIPTION - 1)}…`
}
