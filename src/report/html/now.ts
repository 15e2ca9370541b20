import { formatDuration } from '../../lib/text/duration.ts'
import type { Progress } from '../../verdict/progress.ts'
import { html, type Markup } from './markup.ts'

/** What a run does at this moment: tier, operation, what is waited for, why and how long at most. */
export function nowMarkup({ running, operation, wait, attempt }: Progress): Markup {
  if (running === null) return html`<p class="now">Between two tiers.</p>`
  const again = attempt > 1 ? html` <span class="dim">attempt ${attempt}, on a fresh stack</span>` : ''
  const waits = wait
    ? html`<br>Waiting for ${wait.name}: ${wait.reason} <span class="dim">(for ${formatDuration(wait.waitedMs)}, at most ${formatDuration(wait.deadlineMs)})</span>`
    : ''
  return html`<p class="now"><strong>▶ ${running.tier}</strong>${operation === null ? '' : html`: ${operation}`} <span class="dim">since ${running.since.slice(11, 19)} UTC</span>${again}${waits}</p>`
}
