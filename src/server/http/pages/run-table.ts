import { formatDuration } from '../../../lib/text/duration.ts'
import { html } from '../../../report/html/markup.ts'
import type { RunRow } from '../../contract/store.ts'
import { outcomeReason } from './format.ts'
import { badge, type Html, moment } from './layout.ts'

/** Runs, newest first, a line each. `now`: epoch ms, for how long active ones have taken. `of`: they are all of one recipe, whose name is left out. */
export function runTable(caption: string, rows: readonly RunRow[], now: number, of: 'all' | 'one' = 'all'): Html {
  if (rows.length === 0) return html`<h2>${caption}</h2><p class="dim">None.</p>`
  return html`<h2>${caption}</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">${of === 'one' ? 'of' : 'recipe'}</th><th scope="col">verdict</th><th scope="col">why</th><th scope="col">asked by</th><th scope="col">time (UTC)</th><th scope="col">run</th></tr></thead>
<tbody>${rows.map((row) => line(row, now, of))}</tbody></table></div>`
}

function line(row: RunRow, now: number, of: 'all' | 'one'): Html {
  const { request } = row
  const to = `/runs/${request.id}`
  const pull = `${request.pull ? `#${request.pull.number}` : of === 'one' ? 'branch' : ''}${request.why ? ' (why?)' : ''}`
  return html`<tr><th scope="row"><a href="${to}">${of === 'one' ? '' : request.repository}${pull}</a></th><td>${badge(row)}</td><td>${outcomeReason(row).slice(0, 160)}</td><td>${requestedBy(request)}</td><td class="nowrap">${took(row, now)}</td><td class="nowrap"><a href="${to}">${request.id}</a><br><code>${request.commit.slice(0, 10)}</code></td></tr>`
}

/** The sweep that it is a cell of, or who wrote the comment or asked by a click; an operator's request by the API has no name. */
function requestedBy({ pull, sweep }: RunRow['request']): Html | string {
  if (sweep) return html`<a href="/sweeps/${sweep.id}">sweep</a>`
  return pull?.author ?? 'operator'
}

function took({ request, startedAt, outcome }: RunRow, now: number): Html {
  if (startedAt === null) return html`asked ${moment(request.at)}`
  const end = outcome ? Date.parse(outcome.finishedAt) : now
  return html`${moment(startedAt)}<br>${formatDuration(Math.max(0, end - Date.parse(startedAt)))}`
}
