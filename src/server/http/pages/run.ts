import { html } from 'hono/html'
import { formatDuration } from '../../../lib/duration.ts'
import { SIGNS } from '../../../report/ink.ts'
import type { Results, TierResult } from '../../../verdict/results.ts'
import type { QueuePlace, RunRow } from '../../contract/store.ts'
import { placed } from './dashboard.ts'
import { badge, framed, type Html, hidden, moment, type Viewer } from './frame.ts'

const MOST_LINES = 20

export interface RunPageData {
  readonly viewer: Viewer
  readonly row: RunRow
  readonly place: QueuePlace | null
  /** Results; `sofar`: folded from the events of a run that goes on. Null: none, `problem` may say why. */
  readonly results: Results | null
  readonly sofar: boolean
  readonly problem: string | null
  /** Paths below the run's folder that can be looked at. */
  readonly files: readonly string[]
}

/** One run: what was asked, what came out, why, and what it kept. */
export function runPage(data: RunPageData): Html {
  const { row, viewer, results, files } = data
  const goesOn = row.state === 'queued' || row.state === 'running'
  return framed({
    title: `${row.request.repository}${row.request.pull ? `#${row.request.pull.number}` : ''}`,
    viewer,
    refresh: goesOn ? 5 : null,
    body: [
      html`<p>${badge(row)} ${row.outcome?.message ?? placed(data.place)}</p>`,
      facts(data),
      buttons(row, viewer, goesOn),
      data.problem === null ? html`` : html`<p class="card loud">${data.problem}</p>`,
      results ? tiers(results, data.sofar) : html``,
      results ? html`${results.tiers.map(cause)}` : html``,
      results ? findings(results) : html``,
      kept(row, results, files),
    ],
  })
}

function facts({ row }: RunPageData): Html {
  const { request, outcome } = row
  const rows: readonly (readonly [string, Html | string | null])[] = [
    ['Run', request.id],
    ['Commit', html`<code>${request.commit}</code>`],
    ['Branch', request.pull?.headRef ?? null],
    ['Asked', html`${moment(request.at)}${request.pull?.author ? ` by ${request.pull.author}` : ''}`],
    ['Base', request.base],
    ['Quick', request.quick ? 'lint, install, upgrade and functional only' : null],
    ['Worker', row.worker],
    ['Harness', row.harness],
    ['Attempt', row.attempt > 1 ? String(row.attempt) : null],
    ['Teardown', outcome ? TEARDOWN[outcome.teardown] : null],
  ]
  return html`<dl class="facts">${rows.filter(([, value]) => value !== null).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

const TEARDOWN = {
  clean: 'proven: nothing is left',
  left: 'something is left; see the report',
  unknown: 'not known yet',
  none: 'nothing had been made',
} as const

function buttons({ request: { id } }: RunRow, { operator, csrf }: Viewer, goesOn: boolean): Html {
  if (operator === null) return html``
  const form = (act: string, text: string) =>
    html`<form class="inline" method="post" action="/runs/${id}/${act}">${hidden(csrf)}<button>${text}</button></form>`
  return html`<p>${goesOn ? form('cancel', 'Cancel') : form('rerun', 'Run again')}</p>`
}

function tiers({ tiers: all }: Results, sofar: boolean): Html {
  const shown = all.filter(({ skipKind }) => skipKind !== 'not-selected')
  return html`<div class="scroll"><table><caption>Tiers${sofar ? ' so far' : ''}</caption><thead><tr><th scope="col">tier</th><th scope="col">outcome</th><th scope="col">time</th><th scope="col">why</th></tr></thead><tbody>${shown.map(
    ({ id, status, reason, durationMs, startedAt }) =>
      html`<tr><th scope="row">${id}</th><td><span class="badge s-${status}">${SIGNS[status].sign} ${status}</span></td><td class="nowrap">${startedAt ? formatDuration(durationMs) : ''}</td><td>${reason.slice(0, 300)}</td></tr>`,
  )}</tbody></table></div>`
}

function cause({ id, cause: why }: TierResult): Html {
  if (!why || why.code === 'blocked') return html``
  const lines = why.lines.slice(-MOST_LINES).join('\n')
  return html`<section class="card c-fail"><h3>${id}: ${why.code} <span class="dim">blame: ${why.blame}${why.service ? `, service ${why.service}` : ''}</span></h3><p>${why.message}</p>${lines === '' ? '' : html`<pre>${lines}</pre>`}<p>${why.hint}</p></section>`
}

function findings({ findings: all, customization }: Results): Html {
  const said = [
    ...customization.refused.map((what) => html`<li>refused: ${what}</li>`),
    ...all.map(
      ({ code, severity, message, where }) =>
        html`<li>${severity} <code>${code}</code> ${message} ${where ? html`<code>${where}</code>` : ''}</li>`,
    ),
  ]
  return said.length === 0 ? html`` : html`<h2>Findings</h2><ul>${said}</ul>`
}

function kept({ request: { id } }: RunRow, results: Results | null, files: readonly string[]): Html {
  const at = (path: string) => `/runs/${id}/files/${path.split('/').map(encodeURIComponent).join('/')}`
  const shots = (results?.artifacts ?? []).filter(({ kind, path }) => kind === 'screenshot' && files.includes(path))
  return html`${shots.map(({ path }) => html`<p><a href="${at(path)}"><img class="shot" src="${at(path)}" alt="${path}"></a></p>`)}${
    files.length === 0
      ? ''
      : html`<h2>Kept</h2><ul>${files.map((path) => html`<li><a href="${at(path)}">${path}</a></li>`)}</ul>`
  }`
}
