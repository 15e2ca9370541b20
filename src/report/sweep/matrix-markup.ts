import type { Matrix, MatrixCell } from '../../history/sweep/record.ts'
import { sweepVerdictOf } from '../../history/sweep/verdict.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { levelName } from '../../verdict/level.ts'
import { html, inlineCode, type Markup } from '../html/markup.ts'
import { SIGNS } from '../text/colors.ts'
import {
  cellReason,
  changeWords,
  HEADLINES,
  movedWords,
  newsOf,
  placeWords,
  reconciledWords,
  rowsOf,
  verdictWords,
} from './messages.ts'

/** Where the report of a run lies, seen from the page; null: there is none. */
export type LinkTo = (run: string) => string | null

/** Beside the style sheet that all pages have. */
export const MATRIX_STYLE = `
.tiles { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { border-radius: .5rem; padding: .5rem 1rem; min-width: 6rem; } .tiles strong { display: block; font-size: 1.5rem; line-height: 1.2; }
.matrix { width: min(96vw, 96rem); margin-left: calc(50% - min(48vw, 48rem)); overflow-x: auto; }
.matrix table { border-collapse: separate; border-spacing: 0 .35rem; } .matrix td, .matrix th { border: 0; padding: .2rem .6rem .2rem 0; }
.matrix tbody th { color: var(--text); font-size: 1.02rem; width: 14rem; overflow-wrap: anywhere; padding-top: .6rem; } .matrix td { width: 22rem; }
.matrix td > .cells { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: .5rem; }
.cell { background: var(--card); border: 1px solid var(--line); border-left: .35rem solid var(--skip); border-radius: .45rem; padding: .45rem .7rem; min-width: 17rem; }

.cell.c-pass { border-left-color: var(--pass); } .cell.c-fail { border-left-color: var(--fail); } .cell.c-unverified { border-left-color: var(--unverified); }
.cell p { margin: .2rem 0 0; font-size: .86rem; overflow-wrap: anywhere; } .cell .badge { text-decoration: none; }
.cell .ref { font-weight: 600; font-size: .9rem; overflow-wrap: anywhere; } .cell header { display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: baseline; justify-content: space-between; }
.strip { display: flex; gap: 2px; margin: .4rem 0 .1rem; padding: 0; list-style: none; }
.strip li { flex: 1; border-radius: 2px; font-size: .62rem; line-height: 1.45; text-align: center; font-weight: 600; white-space: nowrap; overflow: hidden; }
.chip { display: inline-block; border-radius: .3rem; padding: 0 .4rem; font-weight: 600; }
`

/** The matrix for people: what counts first, then a row a recipe, then what is another since the sweep before. */
export function matrixMarkup(matrix: Matrix, linkTo: LinkTo): Markup {
  const news = newsOf(matrix)
  const rows = rowsOf(matrix.cells).map(
    ({ recipe, release, heads }) => html`<tr><th scope="row">${recipe}</th>
<td>${release ? cellCard(release, linkTo) : ''}</td><td><div class="cells">${heads.map((cell) => cellCard(cell, linkTo))}</div></td></tr>`,
  )
  return html`${summary(matrix)}
${matrix.notes.map(({ severity, message }) => html`<p class="card ${severity === 'error' ? 'loud' : ''}">${inlineCode(message)}</p>`)}
<div class="matrix"><table><thead><tr><th scope="col">Recipe</th><th scope="col">Newest release</th><th scope="col">Heads</th></tr></thead>
<tbody>${rows}</tbody></table></div>
${news.length === 0 ? '' : html`<h2>Since the sweep before</h2>${news.map((cell) => newsCard(cell, linkTo))}`}
<p class="dim">${reconciledWords(matrix)}.</p>`
}

function summary(matrix: Matrix): Markup {
  const { counts, startedAt, finishedAt, tool, mode } = matrix
  const verdict = sweepVerdictOf(matrix)
  const style = { fail: 'fail', worse: 'fail', unverified: 'unverified', nothing: 'unverified', pass: 'pass' }[verdict]
  const took = formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))
  const tile = (name: string, amount: number, look: string) =>
    html`<li class="s-${amount === 0 ? 'skip' : look}"><strong>${amount}</strong>${name}</li>`
  return html`<div class="verdict s-${style}"><strong>${HEADLINES[verdict]}</strong><span>${counts.recipes} recipe${counts.recipes === 1 ? '' : 's'}</span><span>${took}</span></div>
<ul class="tiles">${tile('pass', counts.pass, 'pass')}${tile('fail', counts.fail, 'fail')}${tile('unverified', counts.unverified, 'unverified')}${tile('not run', counts.notRun, 'skip')}${tile('worse than before', counts.worse, 'fail')}</ul>
<p class="dim">Begun ${startedAt.slice(0, 16).replace('T', ' ')} UTC by cc-ci ${tool.version}${tool.commit ? html` (<code>${tool.commit.slice(0, 10)}</code>)` : ''}${mode === 'changed' ? ', what has changed only' : ''}.</p>`
}

function cellCard(cell: MatrixCell, linkTo: LinkTo): Markup {
  const { status, ref, commit, level, durationMs, change } = cell
  const look = status === 'not-run' ? 'skip' : status
  const why = cellReason(cell)
  const title = level === null ? '' : `level ${level}: ${levelName(level)}`
  return html`<article class="cell c-${look}"><header><span class="ref" title="${commit}">${ref ?? 'no release'}</span>${linked(
    cell.run,
    html`<span class="badge s-${look}" title="${title}">${verdictWords(cell)}</span>`,
    linkTo,
  )}</header>
${strip(cell)}
${why === '' ? '' : html`<p>${why}</p>`}
${change && changeWords(change) !== '' ? html`<p><span class="chip s-${lookOf(cell)}">${changeWords(change)}</span></p>` : ''}
${durationMs === null ? '' : html`<p class="dim">${formatDuration(durationMs)}${cell.reason ? ', in an earlier run' : ''}</p>`}</article>`
}

/** A block a tier, with its first letters: colour is never all that tells. */
function strip({ tiers }: MatrixCell): Markup {
  const judged = tiers.filter(({ status }) => status !== 'not-judged')
  if (judged.length === 0) return html``
  return html`<ul class="strip" aria-label="Tiers">${judged.map(({ id, status, cause, flaky }) => {
    const words = `${id}: ${status}${cause ? `, ${cause.code}` : ''}${flaky === undefined ? '' : `, at a second attempt (${flaky})`}`
    const sign = status === 'not-judged' ? '' : SIGNS[status].sign
    return html`<li class="s-${status}" title="${words}" aria-label="${words}">${status === 'pass' ? '' : sign}${id.slice(0, 4)}</li>`
  })}</ul>`
}

function newsCard(cell: MatrixCell, linkTo: LinkTo): Markup {
  const { change, run } = cell
  if (!change) return html``
  const { because, command, before } = change
  const moved = movedWords(change)
  return html`<section class="card c-${lookOf(cell)}"><h3>${placeWords(cell)}: ${changeWords(change)}</h3>
${because === null ? '' : html`<p>${because}${moved === '' ? '' : html`: ${moved}`}</p>`}
<p>Evidence: ${before?.run ? html`${linked(before.run, html`before (${before.status})`, linkTo)}` : 'nothing before'}, ${run ? linked(run, html`now (${cell.status})`, linkTo) : 'nothing now'}.</p>
${command === null ? '' : html`<p>To know more: <code>${command}</code></p>`}</section>`
}

function linked(run: string | null, inner: Markup, linkTo: LinkTo): Markup {
  const href = run === null ? null : linkTo(run)
  return href === null ? inner : html`<a href="${href}">${inner}</a>`
}

const LOOKS: Readonly<Partial<Record<string, string>>> = {
  regression: 'fail',
  'new failure': 'fail',
  'other failure': 'fail',
  'still failing': 'fail',
  fixed: 'pass',
  'new pass': 'pass',
  unstable: 'unverified',
  unknown: 'unverified',
}

function lookOf({ change }: MatrixCell): string {
  return LOOKS[change?.word ?? ''] ?? 'skip'
}
