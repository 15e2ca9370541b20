import { formatDuration } from '../../lib/text/duration.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { SIGNS } from '../text/colors.ts'
import { section } from './facts.ts'
import { html, type Markup, table } from './markup.ts'
import { type FileLink, tierCard } from './tier.ts'

/**
 * Where the attempts of a run differ, tier by tier; then the attempts that do not count, whole, each behind a fold: what was seen is kept, also where the
 * next attempt saw otherwise.
 */
export function attempts(results: Results, link?: FileLink): Markup {
  const { attempts: others = [] } = results
  const folds = others.map(({ attempt, verdict, because, tiers }) => {
    const judged = tiers.filter(({ status }) => status !== 'skip')
    return html`<details><summary>Attempt ${attempt}: ${SIGNS[verdict].sign} ${verdict} <span class="dim">${because}</span></summary>
${judged.map((tier) => tierCard(tier, { attempt, ...(link ? { link } : {}) }))}</details>`
  })
  return section('Attempts', folds.length, html`${folds.length === 0 ? '' : sideBySide(results)}${folds}`)
}

/** A row a tier that any attempt judged; the last column is what counts. */
function sideBySide(results: Results): Markup {
  const { tiers, attempts: others = [] } = results
  const ends = tiers.map(({ id }) => [
    ...others.map((other) => other.tiers.find((tier) => tier.id === id)),
    tiers.find((tier) => tier.id === id),
  ])
  const rows = tiers.flatMap(({ id, attempt }, index) => {
    const mine = ends[index] ?? []
    if (mine.every((end) => end === undefined || end.status === 'skip')) return []
    const differ = new Set(mine.map((end) => (end ? endOf(end) : ''))).size > 1
    const from = attempt === undefined ? '' : html` <span class="dim">(as in attempt ${attempt})</span>`
    const cells = mine.map((end, at) => html`${cell(end)}${at === mine.length - 1 ? from : ''}`)
    return [[html`<a href="#tier-${id}">${id}</a>`, ...cells, differ ? html`<strong>≠ differs</strong>` : 'same']]
  })
  const headings = ['Tier', ...others.map(({ attempt }) => `Attempt ${attempt}`), countsHeading(results), '']
  return table('Attempts side by side', headings, rows)
}

/** The attempt that counts, where one does for all tiers. */
function countsHeading({ tiers, attempts: others = [] }: Results): string {
  if (tiers.some(({ attempt }) => attempt !== undefined)) return 'What counts'
  const shown = others.map(({ attempt }) => attempt)
  const own = [1, 2].find((attempt) => !shown.includes(attempt))
  return own === undefined ? 'What counts' : `Attempt ${own}, which counts`
}

function cell(end: TierResult | undefined): Markup {
  if (!end) return html`<span class="dim">–</span>`
  const { status, cause, startedAt, durationMs } = end
  const time = startedAt === null ? '' : html` <span class="nowrap">${formatDuration(durationMs)}</span>`
  return html`<span class="badge s-${status}">${SIGNS[status].sign} ${status}</span>${time}${cause ? html`<br><code>${cause.code}</code>` : ''}`
}

function endOf({ status, cause }: TierResult): string {
  return `${status} ${cause?.code ?? ''}`
}
