import type { Results } from '../../verdict/results.ts'
import { SIGNS } from '../text/colors.ts'
import { section } from './facts.ts'
import { html, type Markup } from './markup.ts'
import { type FileLink, tierCard } from './tier.ts'

/** The attempts that do not count, whole, each behind a fold: what was seen is kept, also where the next attempt saw otherwise. */
export function attempts({ attempts = [] }: Results, link?: FileLink): Markup {
  const folds = attempts.map(({ attempt, verdict, because, tiers }) => {
    const judged = tiers.filter(({ status }) => status !== 'skip')
    return html`<details><summary>Attempt ${attempt}: ${SIGNS[verdict].sign} ${verdict} <span class="dim">${because}</span></summary>
${judged.map((tier) => tierCard(tier, { attempt, ...(link ? { link } : {}) }))}</details>`
  })
  return section('Other attempts', folds.length, html`${folds}`)
}
