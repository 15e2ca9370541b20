import { html, inlineCode } from '../../../report/html/markup.ts'
import { type LinkTo, matrixMarkup } from '../../../report/sweep/matrix-markup.ts'
import { HEADLINES } from '../../../report/sweep/messages.ts'
import type { SweepRow, SweepView } from '../../contract/sweeps.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, hidden, moment, type Page } from './layout.ts'

/** All sweeps, and for an operator the button that orders one. */
export function sweepsPage(data: {
  readonly viewer: Viewer
  readonly rows: readonly SweepRow[]
  /** When the next one comes by itself, for people; null: never. */
  readonly schedule: string | null
}): Page {
  const { viewer, rows, schedule } = data
  const going = rows.some(({ state }) => state !== 'over')
  return framed({
    title: 'Sweeps',
    viewer,
    here: '/sweeps',
    refresh: going ? 30 : null,
    body: [
      html`<p class="dim">A sweep runs the newest release and the open pull requests of everything that is enrolled, and compares with the sweep before. ${schedule === null ? 'None begins by itself (CC_CI_SWEEP_AT).' : `One begins by itself: ${schedule} UTC.`}</p>`,
      viewer.operator === null || going ? html`` : button(viewer),
      rows.length === 0
        ? html`<p class="dim">Nothing was swept yet.</p>`
        : html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">sweep</th><th scope="col">began (UTC)</th><th scope="col">by</th><th scope="col">result</th><th scope="col">cells</th></tr></thead><tbody>${rows.map(line)}</tbody></table></div>`,
    ],
  })
}

function button({ csrf }: Viewer): Html {
  return html`<form method="post" action="/sweeps">${hidden(csrf)}<label>Sweep <select name="mode"><option value="all">everything</option><option value="changed">what has changed</option></select></label><button>Begin</button></form>`
}

function line({ id, startedAt, by, mode, state, cells, done, verdict, counts }: SweepRow): Html {
  const look = verdict === null ? 'skip' : LOOKS[verdict]
  const words = verdict === null ? (state === 'ordered' ? '… ordered' : `▶ ${done} of ${cells}`) : HEADLINES[verdict]
  const sum = counts
    ? `${counts.pass} pass, ${counts.fail} fail, ${counts.unverified} unverified, ${counts.notRun} not run`
    : `${cells}`
  return html`<tr><th scope="row"><a href="/sweeps/${id}">${id}</a></th><td>${moment(startedAt)}</td><td>${by}${mode === 'changed' ? html` <span class="dim">(changed only)</span>` : ''}</td><td><span class="badge s-${look}">${words}</span></td><td>${sum}</td></tr>`
}

const LOOKS = { pass: 'pass', fail: 'fail', worse: 'fail', unverified: 'unverified', nothing: 'unverified' } as const

/** One sweep: its matrix, or how far it is. */
export function sweepPage({
  viewer,
  seen,
  linkTo,
}: {
  readonly viewer: Viewer
  readonly seen: SweepView
  readonly linkTo: LinkTo
}): Page {
  const { row, matrix } = seen
  return framed({
    title: `Sweep ${row.id}`,
    viewer,
    here: '/sweeps',
    refresh: matrix ? null : 15,
    body: matrix ? matrixMarkup(matrix, linkTo) : progress(seen),
  })
}

function progress({ row, plan, cells }: SweepView): Html {
  if (!plan) return html`<p>It is ordered, and planned as soon as the forge answers.</p>`
  const rows = cells.map(
    ({ key, run, state, text }) =>
      html`<tr><th scope="row">${run === null ? key : html`<a href="/runs/${run}">${key}</a>`}</th><td>${STATES[state]}</td><td>${text}</td></tr>`,
  )
  return html`<p>${row.done} of ${row.cells} cells are over.</p>${plan.notes.map(({ message }) => html`<p class="warn">⚠ ${inlineCode(message)}</p>`)}
<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">cell</th><th scope="col">state</th><th scope="col"></th></tr></thead><tbody>${rows}</tbody></table></div>`
}

const STATES = { needless: '– not run', waiting: '… waiting', running: '▶ running', ended: '· ended' } as const
