import { type CellId, cellName, type End } from '../../history/attribution/contract.ts'
import type { AttributionRecord } from '../../history/attribution/record.ts'
import { VERDICTS } from '../../history/attribution/table.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { htmlDocument } from '../html/document.ts'
import { html, id, type Markup } from '../html/markup.ts'
import { bisectionText, endsText, movedText, recordedText, UNSTEADY } from './text.ts'

type Decision = NonNullable<AttributionRecord['decision']>
type Tier = Decision['tiers'][number]
type Seen = NonNullable<Tier['cells'][CellId]>['seen'][number]
type Run = AttributionRecord['runs'][number]

const ENDS = ['old', 'new'] as const satisfies readonly End[]
const STYLE = `
table.cells { table-layout: fixed; border-spacing: .4rem; border-collapse: separate; } table.cells td { border: 0; border-radius: .5rem; padding: .7rem .9rem; }
table.cells th { border: 0; } table.cells tr > :first-child { width: 12rem; padding-left: 0; } table.cells td.none { background: var(--skip-bg); color: var(--dim); }
table.cells strong { display: block; font-size: 1.05rem; overflow-wrap: anywhere; }
`

/**
 * An attribution as one file: the answer, then tier by tier the cells it was read from, each with its runs. `linkTo`: where the report of a run lies,
 * as seen from the page; null: it is not kept.
 */
export function attributionPage(record: AttributionRecord, linkTo: (run: Run) => string | null): string {
  const { decision, recipe, runs, startedAt, spentMs, why } = record
  const verdict = decision?.verdict ?? 'inconclusive'
  const deciding = decision?.tiers.find(({ tier }) => tier === decision.tier)
  const tiers = decision?.tiers ?? []
  const changed = tiers.filter((tier) => tier.verdict !== 'unchanged')
  const same = tiers.filter((tier) => tier.verdict === 'unchanged').map(({ tier }) => tier)
  const notes = [
    ...recordedText(record, deciding),
    ...movedText('since the old result was recorded', decision?.movedSince ?? []),
    ...movedText('while the cells were run; what ran before is left out', decision?.movedMeanwhile ?? []),
    ...bisectionText(record),
  ]
  return htmlDocument({
    title: `${verdict}: ${recipe.name}`,
    style: STYLE,
    header: html`<header class="top"><h1>Whose change was it: ${recipe.name}</h1>
<p class="dim">Began ${startedAt.slice(0, 19).replace('T', ' ')} UTC; ${runs.length} runs in ${formatDuration(spentMs)}; ended: ${why ?? 'not yet'}.</p>
<div class="verdict s-${colourOf(verdict)}"><strong>${verdict}</strong>${decision?.tier ? html`<span>${decision.tier}</span>` : ''}${rate(deciding)}</div>
<p>${VERDICTS[verdict]}</p></header>`,
    main: html`<h2>What moved</h2><ul>${endsText(record).map((line) => html`<li>${line.trim()}</li>`)}</ul>
${changed.map((tier) => cells(tier, record, linkTo))}
${same.length > 0 ? html`<p class="dim">Unchanged: ${same.join(', ')}.</p>` : ''}
${notes.length > 0 ? html`<h2>Beside the cells</h2><ul>${notes.map((note) => html`<li>${note.trim()}</li>`)}</ul>` : ''}`,
    footer: html`Made from the record of attribution ${record.id}.`,
  })
}

/** Green where nothing is wrong, red where somebody has to act, yellow where nobody knows. */
function colourOf(verdict: Decision['verdict']): 'pass' | 'fail' | 'unverified' {
  if (verdict === 'unchanged') return 'pass'
  return verdict === 'inconclusive' || verdict === 'flake' || verdict === 'drift' ? 'unverified' : 'fail'
}

function rate(deciding: Tier | undefined): Markup {
  if (deciding?.verdict !== 'flake') return html``
  return html`<span>${deciding.rate.failed} of ${deciding.rate.of} no pass</span>`
}

/** One tier: the builds of cc-ci down, the commits of the recipe across. What was held has one row or column. */
function cells(tier: Tier, record: AttributionRecord, linkTo: (run: Run) => string | null): Markup {
  const { moved } = record
  const tools = ENDS.filter((end) => end === 'old' || moved.includes('tool'))
  const refs = ENDS.filter((end) => end === 'old' || moved.includes('ref'))
  const cellOf = (tool: End, ref: End): CellId => {
    if (moved.length === 2) return `${tool === 'old' ? 'O' : 'N'}${ref === 'old' ? 'O' : 'N'}`
    return tool === 'new' || ref === 'new' ? 'NN' : 'OO'
  }
  const head = refs.map((ref) => html`<th scope="col">${ref} ref ${id(record.recipe[ref])}</th>`)
  const rows = tools.map(
    (tool) =>
      html`<tr><th scope="row">${tool} tool ${record.tool[tool] === null ? 'this build' : id(record.tool[tool])}</th>${refs.map(
        (ref) => cell(cellOf(tool, ref), tier, record, linkTo),
      )}</tr>`,
  )
  return html`<h2>${tier.tier}: ${tier.verdict}</h2><p>Because ${tier.because}.</p>
<div class="scroll" tabindex="0"><table class="cells"><thead><tr><td></td>${head}</tr></thead><tbody>${rows}</tbody></table></div>`
}

function cell(name: CellId, { cells }: Tier, { runs }: AttributionRecord, linkTo: (run: Run) => string | null): Markup {
  const reading = cells[name]
  const seen = reading?.seen ?? []
  const links = runs
    .filter((run) => run.cell === name)
    .map((run, at) => {
      const to = linkTo(run)
      return to === null
        ? html`<span title="${run.run}">${at + 1}</span> `
        : html`<a href="${to}" title="${run.run}">${at + 1}</a> `
    })
  const statuses = seen.map(({ signature }) => signature.status)
  const colour = statuses.includes('fail')
    ? 's-fail'
    : statuses.every((one) => one === 'pass') && seen.length > 0
      ? 's-pass'
      : 'none'
  const words = seen.map(ending)
  return html`<td class="${reading?.kind === 'flaky' ? 's-unverified' : colour}" title="${cellName(name)}">${words.length > 0 ? words : html`<strong>not judged</strong>`}${
    reading && reading.kind !== 'stable' ? html`<span>${UNSTEADY[reading.kind]}</span><br>` : ''
  }<span>runs ${links}</span></td>`
}

/** `fail ×3`, and below it with what. */
function ending({ signature: { status, code, blame, service }, times }: Seen): Markup {
  const where = [blame, service].filter((part) => part !== null).join(', ')
  return html`<strong>${status} ×${times}</strong>${code === null ? '' : html`<code>${code}</code> ${where}<br>`}`
}
