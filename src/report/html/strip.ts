import { formatDuration } from '../../lib/text/duration.ts'
import type { Progress } from '../../verdict/progress.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { SIGNS } from '../text/colors.ts'
import { html, inlineCode, type Markup } from './markup.ts'

/** All tiers of a run side by side, each with its outcome, its time and where in the run it lay; each leads to its card. `progress` null: the run has ended. */
export function tierStrip(results: Results, progress: Progress | null): Markup {
  const shown = results.tiers.filter(({ skipKind }) => skipKind !== 'not-selected')
  const left = results.tiers.filter(({ skipKind }) => skipKind === 'not-selected').map(({ id }) => id)
  return html`<ol class="tiers" aria-label="Tiers">${shown.map((tier) => step(tier, results, progress))}</ol>
${left.length === 0 ? '' : html`<p class="dim">Not selected for this run: ${left.join(', ')}.</p>`}`
}

function step(tier: TierResult, results: Results, progress: Progress | null): Markup {
  const { id, status, cause, reason, startedAt, durationMs } = tier
  if (progress !== null && !progress.over.has(id)) {
    const running = progress.running?.tier === id
    return html`<li class="s-${running ? 'running' : 'skip'}"><span class="none"><b>${running ? html`<span class="pulse">▶</span>` : '·'} ${id}</b><small>${running ? 'running' : 'to come'}</small>${lane(null, results)}</span></li>`
  }
  const words = cause ? cause.code : status === 'skip' ? inlineCode(reason) : formatDuration(durationMs)
  return html`<li class="s-${status}"><a href="#tier-${id}" title="${id}: ${status}${cause ? `, ${cause.code}` : ''}"><b>${SIGNS[status].sign} ${id}</b><small>${words}</small>${lane(startedAt === null ? null : tier, results)}</a></li>`
}

/** Where in the run a tier lay. */
function lane(tier: TierResult | null, { run }: Results): Markup {
  const start = Date.parse(run.startedAt)
  const length = Math.max(1, Date.parse(run.finishedAt) - start)
  const bar =
    tier?.startedAt == null
      ? ''
      : html`<rect class="f-${tier.status}" x="${position((Date.parse(tier.startedAt) - start) / length)}" y="0" width="${Math.max(12, (tier.durationMs / length) * 1000).toFixed(1)}" height="10"/>`
  return html`<svg class="lane" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" x="0" y="0" width="1000" height="10"/>${bar}</svg>`
}

function position(share: number): string {
  return (Math.min(1, Math.max(0, share)) * 1000).toFixed(1)
}
