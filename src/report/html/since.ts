import type { RunSummary } from '../../history/run-summary.ts'
import type { Since } from '../../history/since.ts'
import { sincePieces } from '../run/since.ts'
import { html, type Markup } from './markup.ts'

/** The sentence with links to the runs. `linkTo`: where the report of a run lies; null: nowhere. */
export function sinceMarkup(since: Since, id: string, linkTo: (run: string) => string | null): Markup {
  const named = (run: RunSummary) => {
    const href = linkTo(run.id)
    const name = href === null ? html`run ${run.id}` : html`<a href="${href}">run ${run.id}</a>`
    return html`${run.startedAt.slice(0, 10)} (${name}, commit <code>${run.recipe.commit.slice(0, 10)}</code>)`
  }
  return html`${sincePieces(since, id).map((piece) => (typeof piece === 'string' ? piece : named(piece)))}`
}
