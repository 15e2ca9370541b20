import type { TierChange } from '../../../history/compare/comparison.ts'
import { WORSE } from '../../../history/compare/messages.ts'
import { RESULT_WORDS } from '../../../report/comparison/against-base.ts'
import { changedTiers, endText } from '../../../report/comparison/comparison.ts'
import { comparisonFacts, isUnchanged } from '../../../report/comparison/comparison-facts.ts'
import { html } from '../../../report/html/markup.ts'
import type { RunRow } from '../../contract/store.ts'
import type { AgainstBase } from '../../memory/against-base.ts'
import type { Viewer } from '../authenticator.ts'
import { type Html, hidden } from './layout.ts'

/** What the change of a pull request changes, against a run of its base; or why nothing can be said, and what fixes that. */
export function againstSection(against: AgainstBase | null, { request: { id } }: RunRow, viewer: Viewer): Html {
  if (against === null) return html``
  if (against.kind === 'none') {
    const { branch, why, missing } = against
    return html`<section class="card"><h3>Not compared with ${branch}</h3><ul>${why.map((one) => html`<li>${one}</li>`)}</ul>${
      missing === null ? '' : fix(id, branch, missing, viewer)
    }</section>`
  }
  const { branch, base, comparison, before } = against
  const { level: from } = comparison.before
  const { level: to } = comparison.after
  const theirs =
    before.page === null ? html`<code>${before.run}</code>` : html`<a href="/runs/${before.page}">${before.run}</a>`
  const sides = html`<p>Run ${theirs} of ${branch} at <code>${base.commit.slice(0, 12)}</code>${
    base.is === 'tip' ? ', its tip, which may have what this change has not,' : ''
  } against run <a href="/runs/${id}">${comparison.after.id}</a> here: level ${from === to ? to : `${from} → ${to}`}.</p>`
  if (isUnchanged(comparison))
    return section(
      html`<p><strong>Nothing is another than in ${branch}</strong>: every tier ends as there.</p>${sides}`,
    )
  const changed = changedTiers(comparison)
  const table =
    changed.length === 0
      ? html``
      : html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">tier</th><th scope="col">what became of it</th><th scope="col">there</th><th scope="col">here</th></tr></thead><tbody>${changed.map(line)}</tbody></table></div>`
  const facts = comparisonFacts(comparison).map(
    ({ title, items, more }) =>
      html`<dt>${title}</dt><dd>${items.map((item) => html`${item}<br>`)}${more > 0 ? `and ${more} more` : ''}</dd>`,
  )
  return section(
    html`<p><strong>${RESULT_WORDS[comparison.result]}</strong></p>${sides}${table}${facts.length === 0 ? '' : html`<dl class="facts">${facts}</dl>`}`,
  )
}

function section(body: Html): Html {
  return html`<section><h2>What this change changes</h2>${body}</section>`
}

function line({ id, word, before, after }: TierChange): Html {
  const tone =
    WORSE.includes(word) || word === 'still failing' ? 'fail' : ['fixed', 'new pass'].includes(word) ? 'pass' : 'skip'
  return html`<tr><th scope="row">${id}</th><td><span class="badge s-${tone}">${word}</span></td><td>${endText(before)}</td><td>${endText(after)}</td></tr>`
}

/** One click makes the run that is missing. */
function fix(id: string, branch: string, missing: string, { operator, csrf }: Viewer): Html {
  const what = `${branch} at ${missing.slice(0, 12)}`
  return operator === null
    ? html`<p class="dim">An operator can run ${what} from this page.</p>`
    : html`<form class="inline" method="post" action="/runs/${id}/base">${hidden(csrf)}<button>Run ${what}</button></form>`
}
