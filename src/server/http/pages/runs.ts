import { html } from '../../../report/html/markup.ts'
import { RUN_STATES } from '../../contract/request.ts'
import type { RunRow } from '../../contract/store.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Page } from './layout.ts'
import { runTable } from './run-table.ts'

export interface RunsFilter {
  readonly repository: string
  readonly pull: string
  readonly state: string
}

/** All runs, a page of them; `next`: the query of the page after this one. */
export function runsPage(data: {
  readonly viewer: Viewer
  readonly now: number
  readonly rows: readonly RunRow[]
  readonly filter: RunsFilter
  readonly next: string | null
}): Page {
  const { viewer, now, rows, filter, next } = data
  const states = ['', ...RUN_STATES].map(
    (state) =>
      html`<option value="${state}" ${state === filter.state ? 'selected' : ''}>${state || 'any state'}</option>`,
  )
  return framed({
    title: 'Runs',
    viewer,
    here: '/runs',
    body: [
      html`<form method="get" action="/runs"><label>Repository <input name="repository" value="${filter.repository}" placeholder="ORG/REPO"></label><label>Pull request <input name="pull" inputmode="numeric" size="6" value="${filter.pull}"></label><label>State <select name="state">${states}</select></label><button>Show</button></form>`,
      runTable('Newest first', rows, now),
      next === null ? html`` : html`<p><a href="/runs?${next}">Older runs</a></p>`,
    ],
  })
}
