import type { UpgradeTable } from '../../../history/upgrades/table.ts'
import { formatSize } from '../../../lib/text/size.ts'
import { sizeInWords } from '../../../lifecycle/stored-data/stored-data.ts'
import { html } from '../../../report/html/markup.ts'
import { SIGNS } from '../../../report/text/colors.ts'
import { type LinkTo, upgradeRows } from '../../../report/upgrades/html.ts'
import { headText, sumText } from '../../../report/upgrades/messages.ts'
import type { KeptCanonical } from '../../memory/kept-of-recipe.ts'
import { type Html, moment } from './layout.ts'

/** The data of released versions that later runs begin with. */
export function canonicalsSection(canonicals: readonly KeptCanonical[], linkTo: LinkTo): Html {
  const rows = canonicals.map(({ version, commit, takenAt, run, volumes, storedBytes, usedAt }) => {
    const href = linkTo(run)
    return html`<tr><th scope="row" class="nowrap">${version}</th><td>${moment(takenAt)}</td><td><code class="nowrap">${commit.slice(0, 10)}</code></td><td>${sizeInWords(volumes)} <span class="dim">(${formatSize(storedBytes)} on disk)</span></td><td>${usedAt > takenAt ? moment(usedAt) : html`<span class="dim">not yet</span>`}</td><td class="nowrap">${href === null ? run : html`<a href="${href}">${run}</a>`}</td></tr>`
  })
  const body =
    rows.length === 0
      ? html`<p class="dim">None on this machine: a green run of a released version keeps its data with <code>canonical: true</code> in <code>cc-ci.yml</code>. Workers on other machines keep their own.</p>`
      : html`<p class="dim">The data that the last green run of a release left: quick runs and <code>--from-canonical</code> begin with it. Workers on other machines keep their own.</p><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">version</th><th scope="col">kept since (UTC)</th><th scope="col">commit</th><th scope="col">what</th><th scope="col">last lent (UTC)</th><th scope="col">by run</th></tr></thead><tbody>${rows}</tbody></table></div>`
  return html`<section aria-label="Canonicals"><h2>Canonicals</h2>${body}</section>`
}

/** The newest table of upgrades: from each release to head. */
export function upgradesSection(repository: string, tables: readonly UpgradeTable[], linkTo: LinkTo): Html {
  const [newest] = tables
  if (!newest) return html``
  const { verdict, startedAt, recipe } = newest
  const more = tables.length > 1 ? `Why, and all ${tables.length} tables` : 'Why'
  return html`<section aria-label="Upgrades"><h2>Upgrades to ${headText(newest)}</h2><p><span class="badge s-${verdict}">${SIGNS[verdict].sign} ${verdict}</span> ${sumText(newest)} <span class="dim">(commit <code>${recipe.commit.slice(0, 10)}</code>, ${moment(startedAt)} UTC)</span>. <a href="/recipes/${repository}/upgrades">${more}</a></p>${upgradeRows(newest, linkTo)}</section>`
}
