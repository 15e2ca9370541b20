import { CELL_IDS, type CellId, cellName } from '../../../history/attribution/contract.ts'
import type { AttributionRecord } from '../../../history/attribution/record.ts'
import { VERDICTS } from '../../../history/attribution/table.ts'
import { html } from '../../../report/html/markup.ts'
import type { RunRow } from '../../contract/store.ts'
import type { WhyOffer } from '../../memory/why.ts'
import type { Viewer } from '../authenticator.ts'
import { badge, type Html, hidden } from './layout.ts'

type Tier = NonNullable<AttributionRecord['decision']>['tiers'][number]

/** On the page of a red run: its attribution, or the button that asks for one. */
export function attributionOffer(
  { request }: RunRow,
  {
    asked: requested,
    offer,
    viewer,
  }: { readonly asked: RunRow | null; readonly offer: WhyOffer; readonly viewer: Viewer },
): Html {
  if (requested) {
    const { id } = requested.request
    return html`<section><h2>Why is it red?</h2><p>${badge(requested)} ${requested.outcome?.message ?? ''} <a href="/runs/${id}">${id}</a></p></section>`
  }
  if (offer.kind === 'not') return html``
  const how = 'Its base was green. The base and this change are run by turns until it is sure whose change it is.'
  const { operator, csrf } = viewer
  const act =
    operator === null
      ? html`<p class="dim">A member asks by the comment <code>!testme --why</code>.</p>`
      : html`<form class="inline" method="post" action="/runs/${request.id}/why">${hidden(csrf)}<button>Find out why</button></form>`
  return html`<section class="card"><h3>Why is it red?</h3><p>${how}</p>${act}</section>`
}

/** On the page of an attribution: what it asked, its answer, and what each end ended with. */
export function attributionSection(
  { request }: RunRow,
  record: AttributionRecord | null,
  files: readonly string[],
): Html {
  const { why } = request
  if (!why) return html``
  const intro = html`<p>Run <a href="/runs/${why.run}">${why.run}</a> is red at <code>${request.commit.slice(0, 12)}</code>, and its base was green at <code>${why.old.slice(0, 12)}</code>. Both are run by turns, up to ${why.only.at(-1) ?? ''}.</p>`
  if (!record?.decision) return intro
  const { verdict, tier, tiers, movedSince } = record.decision
  const changed = tiers.filter((one) => one.verdict !== 'unchanged')
  const same = tiers.filter((one) => one.verdict === 'unchanged').map((one) => one.tier)
  return html`${intro}<section class="card"><h3>${verdict}${tier === null ? '' : ` (${tier})`}</h3><p>${VERDICTS[verdict]}</p></section>
<div class="scroll" tabindex="0"><table><caption>What each end ended with</caption><thead><tr><th scope="col">tier</th><th scope="col">answer</th>${record.moved.length === 1 ? html`<th scope="col">base</th><th scope="col">this change</th>` : html`<th scope="col">cells</th>`}<th scope="col">because</th></tr></thead><tbody>${changed.map((one) => line(one, record))}</tbody></table></div>
${same.length === 0 ? '' : html`<p class="dim">Unchanged: ${same.join(', ')}.</p>`}${movedSince.map(
  ({ what, before, after }) =>
    html`<p class="warn">Moved since the base was green: ${what} ${before.slice(0, 19)} → ${after.slice(0, 19)}</p>`,
)}<p>${record.runs.length} runs; ended: ${record.why ?? 'not yet'}. ${recordedText(record)}</p>${runLists(request.id, record, files)}`
}

function line({ tier, verdict, because, cells }: Tier, { moved }: AttributionRecord): Html {
  const rows = CELL_IDS.flatMap((cell) => {
    const reading = cells[cell]
    if (!reading) return []
    const seen = reading.seen.map(({ key, times }) => `${key} ×${times}`).join(', ') || 'not judged'
    return [moved.length === 1 ? html`<td>${seen}</td>` : html`${cellName(cell)}: ${seen}<br>`]
  })
  const ends = moved.length === 1 ? html`${rows}` : html`<td>${rows}</td>`
  return html`<tr><th scope="row">${tier}</th><td>${verdict}</td>${ends}<td>${because}</td></tr>`
}

function recordedText({ recorded }: AttributionRecord): Html {
  return recorded === null
    ? html`No earlier run of the base by this build is recorded: drift cannot be told.`
    : html`Recorded of the base: run ${recorded.run} of ${recorded.finishedAt.slice(0, 10)}.`
}

/** The results of each run are kept beside the record. */
function runLists(id: string, { runs, moved }: AttributionRecord, files: readonly string[]): Html {
  const lists = CELL_IDS.flatMap((cell) => {
    const own = runs.filter((run) => run.cell === cell)
    return own.length === 0
      ? []
      : [html`<dt>${endName(cell, moved)}</dt><dd>${own.map(({ run }) => runLink(id, run, files))}</dd>`]
  })
  return html`<dl class="facts">${lists}</dl>`
}

function runLink(id: string, run: string, files: readonly string[]): Html {
  const path = `artifacts/cells/${run}.json`
  return files.includes(path) ? html`<a href="/runs/${id}/files/${path}">${run}</a> ` : html`${run} `
}

function endName(cell: CellId, moved: AttributionRecord['moved']): string {
  if (moved.length > 1) return cellName(cell)
  return cell === 'OO' ? 'Base' : 'This change'
}
