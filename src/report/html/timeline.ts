import { formatDuration } from '../../lib/text/duration.ts'
import type { RunEvent } from '../../verdict/events.ts'
import type { Results } from '../../verdict/results.ts'
import { html, inlineCode, type Markup, table } from './markup.ts'

/** When each tier ran, as bars over the length of the run, and every event in a table behind a fold. */
export function timelineMarkup(results: Results, events: readonly RunEvent[]): Markup {
  const start = Date.parse(results.run.startedAt)
  const length = Math.max(1, Date.parse(results.run.finishedAt) - start)
  const rows = barsOf(results).flatMap(({ name, startedAt, durationMs, status }) => {
    if (!startedAt) return []
    const from = Date.parse(startedAt) - start
    return [
      [
        name,
        after(from),
        html`<span class="nowrap">${formatDuration(durationMs)}</span>`,
        lane(from / length, durationMs / length, status),
      ],
    ]
  })
  const logged = events.flatMap((event) => {
    const text = eventText(event)
    return text === null
      ? []
      : [[after(Date.parse(event.at) - start), 'tier' in event ? event.tier : '', inlineCode(text)]]
  })
  return html`${table('Tiers over time', ['Tier', 'Began', 'Took', 'Over the run'], rows)}
${logged.length > 0 ? html`<details><summary>All that happened: ${logged.length} entries</summary>${table('Events', ['After', 'Tier', 'What'], logged)}</details>` : ''}`
}

type Bar = Pick<Results['tiers'][number], 'startedAt' | 'durationMs' | 'status'> & { readonly name: string }

/** Tiers of other attempts too, which took their time as well. Those that are judged once stand once. */
function barsOf({ tiers, attempts = [] }: Results): Bar[] {
  const begun = (rows: Results['tiers']) => rows.filter(({ startedAt }) => startedAt !== null)
  const shown = new Set(tiers.map(({ id, startedAt }) => `${id} ${startedAt}`))
  const others = attempts.flatMap(({ attempt, tiers }) =>
    begun(tiers)
      .filter(({ id, startedAt }) => !shown.has(`${id} ${startedAt}`))
      .map((tier) => ({ ...tier, name: `${tier.id} (attempt ${attempt})` })),
  )
  const all = [...begun(tiers).map((tier) => ({ ...tier, name: tier.id })), ...others]
  return all.sort((a, b) => Date.parse(a.startedAt ?? '') - Date.parse(b.startedAt ?? ''))
}

function after(ms: number): Markup {
  return html`<span class="nowrap">+${formatDuration(Math.max(0, ms))}</span>`
}

function lane(from: number, share: number, status: string): Markup {
  const x = (from * 1000).toFixed(1)
  const width = Math.max(4, share * 1000).toFixed(1)
  return html`<svg class="lane" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="f-${status}" x="${x}" y="0" width="${width}" height="10"/></svg>`
}

function eventText(event: RunEvent): string | null {
  switch (event.type) {
    case 'tier.started':
      return 'begins'
    case 'tier.ended':
      return 'ends'
    case 'tier.skipped':
      return `skipped: ${event.reason}`
    case 'tier.blocked':
      return `blocked by ${event.by}`
    case 'operation.started':
      return `${event.operation} …`
    case 'operation.ended':
      return `${event.operation}: done in ${formatDuration(event.ms)}`
    case 'wait.progress':
      return `waiting for ${event.name}: ${event.reason}`
    case 'check':
      return `${event.outcome}: ${event.name}`
    case 'evidence':
      return `evidence: ${event.evidence.kind}`
    case 'note':
      return event.text
    case 'attempt.started':
      return `attempt ${event.attempt}, on a fresh stack: ${event.because}`
    case 'leak':
      return `left behind: ${event.kind} ${event.name}`
    case 'run.interrupted':
      return `stopped by ${event.signal}`
    case 'run.ended':
      return 'the run ends'
    default:
      return null
  }
}
