import { html } from 'hono/html'
import type { AttributionRecord } from '../../../history/attribution/record.ts'
import { formatDuration } from '../../../lib/text/duration.ts'
import { quarantineTexts } from '../../../report/run/quarantine.ts'
import { SIGNS } from '../../../report/text/colors.ts'
import type { Results, TierResult } from '../../../verdict/results.ts'
import { QUICK_TIERS } from '../../../verdict/tiers.ts'
import type { ForgePageUrls } from '../../contract/forge.ts'
import type { QueuePlace, RunRow } from '../../contract/store.ts'
import type { AgainstBase } from '../../memory/against-base.ts'
import type { WhyOffer } from '../../memory/why.ts'
import type { Viewer } from '../authenticator.ts'
import { againstSection } from './against.ts'
import { placed } from './dashboard.ts'
import { inline, outcomeReason } from './format.ts'
import { badge, framed, type Html, hidden, momentUtc } from './layout.ts'
import { attributionOffer, attributionSection } from './why.ts'

const MOST_LINES = 20

export interface RunPageData {
  readonly viewer: Viewer
  readonly row: RunRow
  readonly place: QueuePlace | null
  /** Results; `sofar`: folded from the events of an active run. Null: none, `problem` may say why. */
  readonly results: Results | null
  readonly sofar: boolean
  /** Where it continues: the tiers that are over. */
  readonly over: ReadonlySet<string>
  readonly forgePages: ForgePageUrls
  /** Epoch ms. */
  readonly now: number
  readonly problem: string | null
  /** Null: it is no ended run of a pull request. */
  readonly against: AgainstBase | null
  /** Whether it may be asked why the run is red; null: there is nothing to compare it with. */
  readonly whyOffer: WhyOffer | null
  /** The newest attribution of this run. */
  readonly whyRun: RunRow | null
  /** What this run found, where it is an attribution. */
  readonly attribution: AttributionRecord | null
  /** Paths below the run's folder that can be looked at. */
  readonly files: readonly string[]
  /** What was there and is pruned, in words; null: nothing. */
  readonly pruned: string | null
  /** How often what passed on the second attempt only did so before, in words. */
  readonly chance: readonly string[]
}

/** One run: what was asked, what came out, why, and what it kept. */
export function runPage(data: RunPageData): Html {
  const { row, viewer, results, files } = data
  const shownTiers = results && (data.sofar ? results.tiers.filter(({ id }) => data.over.has(id)) : results.tiers)
  const isActive = row.state === 'queued' || row.state === 'running'
  return framed({
    title: titleOf(row),
    viewer,
    refresh: isActive ? 5 : null,
    body: [
      html`<p>${badge(row)} ${row.outcome?.cause ? row.outcome.message : outcomeReason(row) || placed(data.place)}</p>`,
      row.cancelAskedAt !== null && isActive ? html`<p class="warn">To be ended: ${row.cancelReason}</p>` : html``,
      facts(data),
      buttons(data, isActive),
      data.problem === null ? html`` : html`<p class="card loud">${data.problem}</p>`,
      results ? doubts(results, data.chance) : html``,
      results ? tiers(results, data) : html``,
      againstSection(data.against, row, viewer),
      data.whyOffer ? attributionOffer(row, { asked: data.whyRun, offer: data.whyOffer, viewer }) : html``,
      attributionSection(row, data.attribution, files),
      shownTiers ? html`${shownTiers.map(cause)}` : html``,
      results ? findings(results, row, viewer) : html``,
      data.pruned === null ? html`` : html`<p class="card">To save disk: ${data.pruned}. The results stay.</p>`,
      filesSection(row, results, files),
    ],
  })
}

/** What a pass does not say. */
function doubts(results: Results, chance: readonly string[]): Html {
  return html`${[...quarantineTexts(results), ...chance].map((text) => html`<p class="warn">⚠ ${text}</p>`)}`
}

function titleOf({ request: { repository, pull, why } }: RunRow): string {
  const name = `${repository}${pull ? `#${pull.number}` : ''}`
  return why ? `Why is ${name} red?` : name
}

function facts({ row, forgePages, now }: RunPageData): Html {
  const { request, outcome, startedAt } = row
  const { pull, repository, commit } = request
  const end = outcome ? Date.parse(outcome.finishedAt) : now
  const rows: readonly (readonly [string, Html | string | null])[] = [
    ['Run', request.id],
    [
      'Pull request',
      pull && html`<a href="${forgePages.pull(repository, pull.number)}">${repository}#${pull.number}</a>`,
    ],
    ['Branch', pull?.headRef ?? null],
    ['Commit', html`<a href="${forgePages.commit(repository, commit)}"><code>${commit}</code></a>`],
    ['Asked', html`${momentUtc(request.at)}${pull?.author ? ` by ${pull.author}` : ''}`],
    [
      'Began',
      startedAt &&
        html`${momentUtc(startedAt)}, ${outcome ? 'took' : 'running for'} ${formatDuration(Math.max(0, end - Date.parse(startedAt)))}`,
    ],
    ['Asks', request.why ? 'why a run is red (cc-ci ab)' : null],
    ['Upgrade from', request.base === 'auto' ? null : request.base],
    ['Quick', request.quick ? `${QUICK_TIERS.join(', ')} only` : null],
    ['Worker', row.worker && `${row.worker}${row.harness ? ` (cc-ci ${row.harness})` : ''}`],
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

function buttons({ row, viewer: { operator, csrf }, files }: RunPageData, isActive: boolean): Html {
  const { id } = row.request
  const form = (act: string, text: string) =>
    html`<form class="inline" method="post" action="/runs/${id}/${act}">${hidden(csrf)}<button>${text}</button></form>`
  const act = operator === null ? '' : isActive ? form('cancel', 'Cancel') : form('rerun', 'Run again')
  const report = files.includes('report.html') ? html`<a href="/runs/${id}/files/report.html">Full report</a>` : ''
  return html`<div>${report} ${act}</div>`
}

function tiers({ tiers: all }: Results, { sofar, over }: RunPageData): Html {
  const shown = all.filter(({ skipKind }) => skipKind !== 'not-selected')
  return html`<div class="scroll"><table><caption>Tiers${sofar ? ' so far' : ''}</caption><thead><tr><th scope="col">tier</th><th scope="col">outcome</th><th scope="col">time</th><th scope="col">why</th></tr></thead><tbody>${shown.map(
    (tier) => (sofar && !over.has(tier.id) ? open(tier) : judged(tier)),
  )}</tbody></table></div>`
}

function judged({ id, status, reason, durationMs, startedAt }: TierResult): Html {
  return html`<tr><th scope="row">${id}</th><td><span class="badge s-${status}">${SIGNS[status].sign} ${status}</span></td><td class="nowrap">${startedAt ? formatDuration(durationMs) : ''}</td><td>${reason.slice(0, 300)}</td></tr>`
}

/** Of a tier that continues or is still to come the results so far say nothing that is true. */
function open({ id, startedAt }: TierResult): Html {
  const state = startedAt ? html`<span class="badge s-skip">▶ running</span>` : html`<span class="dim">to come</span>`
  return html`<tr><th scope="row">${id}</th><td>${state}</td><td></td><td></td></tr>`
}

function cause({ id, status, cause: why }: TierResult): Html {
  if (!why || why.code === 'blocked') return html``
  const lines = why.lines.slice(-MOST_LINES).join('\n')
  return html`<section class="card c-${status}"><h3>${id}: ${why.code} <span class="dim">blame: ${why.blame}${why.service ? `, service ${why.service}` : ''}</span></h3><p>${inline(why.message)}</p>${lines === '' ? '' : html`<pre>${lines}</pre>`}<p>${inline(why.hint)}</p></section>`
}

function findings({ findings: all, customization }: Results, { request: { id } }: RunRow, viewer: Viewer): Html {
  const look =
    viewer.operator === null ? html`an operator decides` : html`<a href="/runs/${id}/code">look at it and approve</a>`
  const said = [
    ...customization.refused.map((what) => html`<li>refused: ${what} (${look})</li>`),
    ...all.map(
      ({ code, severity, message, where }) =>
        html`<li>${severity} <code>${code}</code> ${inline(message)} ${where ? html`<code>${where}</code>` : ''}</li>`,
    ),
  ]
  return said.length === 0 ? html`` : html`<h2>Findings</h2><ul>${said}</ul>`
}

function filesSection({ request: { id } }: RunRow, results: Results | null, files: readonly string[]): Html {
  const at = (path: string) => `/runs/${id}/files/${path.split('/').map(encodeURIComponent).join('/')}`
  const shots = (results?.artifacts ?? []).filter(({ kind, path }) => kind === 'screenshot' && files.includes(path))
  return html`${shots.map(({ path }) => html`<p><a href="${at(path)}"><img class="shot" src="${at(path)}" alt="${path}"></a></p>`)}${
    files.length === 0
      ? ''
      : html`<h2>Files</h2><ul>${files.map((path) => html`<li><a href="${at(path)}">${path}</a></li>`)}</ul>`
  }`
}
