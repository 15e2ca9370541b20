import type { UpgradeTable } from '../../../history/upgrades/table.ts'
import { html } from '../../../report/html/markup.ts'
import { SIGNS } from '../../../report/text/colors.ts'
import { type LinkTo, upgradeRows, upgradesBand, upgradesHead, upgradesWhy } from '../../../report/upgrades/html.ts'
import { headText, sumText } from '../../../report/upgrades/messages.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, moment, type Page } from './layout.ts'

export interface UpgradesPageData {
  readonly viewer: Viewer
  /** `ORG/REPO`. */
  readonly repository: string
  /** Null: there is none of this recipe. */
  readonly shown: UpgradeTable | null
  /** All of the recipe, newest first. */
  readonly all: readonly UpgradeTable[]
  /** Page of a run; null: it was made by hand, and no page shows it. */
  readonly linkTo: LinkTo
}

/** The upgrades from several releases to one head, in one table; and the earlier tables of the recipe. */
export function upgradesPage({ viewer, repository, shown, all, linkTo }: UpgradesPageData): Page {
  const back = html`<a href="/recipes/${repository}">${repository}</a>`
  return framed({
    title: `Upgrades of ${repository}`,
    viewer,
    here: '/',
    heading: shown
      ? html`<h1>Upgrades to ${headText(shown)}</h1><p class="dim">${back}</p>${upgradesHead(shown)}`
      : html`<h1>Upgrades</h1><p class="dim">${back}</p>`,
    body: shown
      ? [
          upgradesBand(shown),
          upgradeRows(shown, linkTo),
          html`${upgradesWhy(shown, linkTo)}`,
          earlier(repository, shown, all),
        ]
      : html`<p class="card">Nothing yet. <code>cc-ci test --base all-minors</code>, with this server's state folder, judges the upgrade from each release to head, and its table is shown here.</p>`,
  })
}

function earlier(repository: string, { id: own }: UpgradeTable, all: readonly UpgradeTable[]): Html {
  if (all.length < 2) return html``
  const rows = all.map(
    (table) =>
      html`<tr><th scope="row">${table.id === own ? html`${headText(table)} <span class="dim">(shown)</span>` : html`<a href="/recipes/${repository}/upgrades/${table.id}">${headText(table)}</a>`}</th><td><code class="nowrap">${table.recipe.commit.slice(0, 10)}</code></td><td>${moment(table.startedAt)}</td><td><span class="badge s-${table.verdict}">${SIGNS[table.verdict].sign} ${table.verdict}</span> ${sumText(table)}</td></tr>`,
  )
  return html`<h2>All tables of this recipe</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">head</th><th scope="col">commit</th><th scope="col">began (UTC)</th><th scope="col">result</th></tr></thead><tbody>${rows}</tbody></table></div>`
}
