import type { RunSummary } from '../../history/run-summary.ts'
import type { Since } from '../../history/since.ts'
import { html, type Markup } from './markup.ts'

/** `seen first in this run; it passed last on 2026-11-01 in run X at commit abc`. `linkTo`: where the report of a run lies; null: nowhere. */
export function sinceMarkup(since: Since, id: string, linkTo: (run: string) => string | null): Markup {
  const { first, runs, lastPass } = since
  const named = (run: RunSummary) => {
    const href = linkTo(run.id)
    const name = href === null ? html`run ${run.id}` : html`<a href="${href}">run ${run.id}</a>`
    return html`${run.startedAt.slice(0, 10)} (${name}, commit <code>${run.recipe.commit.slice(0, 10)}</code>)`
  }
  const begin = first.id === id ? html`this run` : html`${named(first)}, ${runs} runs in a row`
  return lastPass === null
    ? html`${begin}; it passed in no earlier run that is kept`
    : html`${begin}; it last passed on ${named(lastPass)}`
}
