import type { AttributionRecord } from '../../../history/attribution/record.ts'
import { formatDuration } from '../../../lib/text/duration.ts'
import { attempts } from '../../../report/html/attempts.ts'
import {
  accommodations,
  customization,
  findings,
  images,
  machine,
  notLooked,
  runFacts,
  section,
  verdictBand,
  warnings,
} from '../../../report/html/facts.ts'
import { lead } from '../../../report/html/lead.ts'
import { logName, logOrder } from '../../../report/html/log.ts'
import { html } from '../../../report/html/markup.ts'
import { screens } from '../../../report/html/screens.ts'
import { tierStrip } from '../../../report/html/strip.ts'
import { tierCard } from '../../../report/html/tier.ts'
import { timelineMarkup } from '../../../report/html/timeline.ts'
import type { Progress } from '../../../verdict/progress.ts'
import type { Results } from '../../../verdict/results.ts'
import { QUICK_TIERS } from '../../../verdict/tiers.ts'
import type { ForgePageUrls } from '../../contract/forge.ts'
import type { QueuePlace, RunRow } from '../../contract/store.ts'
import type { AgainstBase } from '../../memory/against-base.ts'
import type { WhyOffer } from '../../memory/why.ts'
import type { Viewer } from '../authenticator.ts'
import { fileLink } from '../live/file-link.ts'
import { causePath, liveParts } from '../live/parts.ts'
import { againstSection } from './against.ts'
import { outcomeReason, placed } from './format.ts'
import { badge, framed, type Html, hidden, momentUtc, type Page } from './layout.ts'
import { openGraph } from './open-graph.ts'
import { attributionOffer, attributionSection } from './why.ts'

export interface RunPageData {
  readonly viewer: Viewer
  readonly row: RunRow
  readonly place: QueuePlace | null
  /** Null: there are none, `problem` may say why. */
  readonly results: Results | null
  /** Where an active run is, whose results are those of its events so far. */
  readonly progress: Progress | null
  /** Number of the last event that this is made of; 0: none. */
  readonly seq: number
  readonly forgePages: ForgePageUrls
  readonly publicUrl: string
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
  /** Since when it is red; null: it is not, or nothing is known. */
  readonly since: Html | null
}

/**
 * One run: the verdict, why, whose move it is and what to do; then tier by tier what was seen, and what it kept. While it runs its parts are drawn again as
 * events come (`live/`); without scripts the page is loaded again.
 */
export function runPage(data: RunPageData): Page {
  const { row, viewer, results, progress } = data
  const active = row.state === 'queued' || row.state === 'running'
  return framed({
    title: titleOf(row),
    viewer,
    here: '/runs',
    refresh: active ? 5 : null,
    heading: heading(data),
    head: openGraph({ subject: titleOf(row), row, publicUrl: data.publicUrl, files: data.files }),
    body: html`<div${active ? html` data-live="/runs/${row.request.id}/live?after=${data.seq}"` : ''}>
${band(data, active)}
${row.cancelAskedAt !== null && active ? html`<p class="warn">To be ended: ${row.cancelReason}</p>` : ''}
${data.problem === null ? '' : html`<p class="card loud">${data.problem}</p>`}
${results && !progress ? ended(results, data) : running(data)}
${facts(data)}
</div>`,
  })
}

function heading({ row, forgePages }: RunPageData): Html {
  const { repository, pull, commit } = row.request
  const at = html`<a href="${forgePages.commit(repository, commit)}"><code>${commit.slice(0, 10)}</code></a>`
  const of = pull
    ? html`<a href="${forgePages.pull(repository, pull.number)}">pull request ${pull.number}</a>, branch ${pull.headRef}, commit ${at}`
    : html`commit ${at}`
  return html`<h1>${titleOf(row)}</h1><p class="dim"><a href="/recipes/${repository}">${repository}</a>: ${of}. Requested ${momentUtc(row.request.at)}${pull?.author ? ` by ${pull.author}` : ''}.</p>`
}

function titleOf({ request: { repository, pull, why } }: RunRow): string {
  const name = `${repository}${pull ? `#${pull.number}` : ''}`
  return why ? `Why is ${name} red?` : name
}

/** The outcome, or the state of a run that has none; with what an operator can do. */
function band(data: RunPageData, active: boolean): Html {
  const { row, results, progress } = data
  if (results && !progress && row.outcome?.verdict) return html`${buttons(data, active)}${verdictBand(results)}`
  const words = row.outcome ? row.outcome.message : outcomeReason(row) || placed(data.place)
  return html`${buttons(data, active)}<p class="verdict s-${active ? 'running' : row.state === 'error' ? 'fail' : 'skip'}">${badge(row)} <span>${words}</span></p>`
}

/** What can be said of a run that has not ended, or of which there are no results. */
function running(data: RunPageData): Html {
  const { row, results, progress } = data
  const parts = results && progress ? liveParts(results, progress, fileLink(row.request.id)) : null
  const part = (id: 'live-lead' | 'live-now' | 'live-strip' | 'live-tiers') =>
    html`<div id="${id}"${id === 'live-now' ? html` aria-live="polite"` : ''}>${parts?.[id] ?? ''}</div>`
  if (row.state !== 'running') return withoutResults(data)
  return html`${part('live-lead')}${part('live-now')}${part('live-strip')}<h2>Tiers so far</h2>${part('live-tiers')}`
}

/** An attribution judges nothing; another run may have been lost before its end. */
function withoutResults({ row, viewer, attribution, against, files, pruned }: RunPageData): Html {
  return html`${attributionSection(row, attribution, files)}${againstSection(against, row, viewer)}${prunedCard(pruned)}${fileList(row.request.id, files)}`
}

function prunedCard(pruned: string | null): Html {
  return pruned === null ? html`` : html`<p class="card">To save disk: ${pruned}. The results stay.</p>`
}

function fileList(id: string, files: readonly string[]): Html {
  const items = files.map((path) => html`<li><a href="${fileLink(id)(path)}">${path}</a></li>`)
  return section('Files', files.length, html`<ul>${items}</ul>`)
}

function ended(results: Results, data: RunPageData): Html {
  const { row, viewer, files } = data
  const { id } = row.request
  const there = new Set(files)
  const link = (path: string) => (there.has(path) ? fileLink(id)(path) : null)
  const shown = results.tiers.filter(({ skipKind }) => skipKind !== 'not-selected')
  return html`${lead(results, { since: data.since, explain: causePath })}
${refusedCode(results, row, viewer)}
${tierStrip(results, null)}
${againstSection(data.against, row, viewer)}
${data.whyOffer ? attributionOffer(row, { asked: data.whyRun, offer: data.whyOffer, viewer }) : ''}
${attributionSection(row, data.attribution, files)}
${warnings(results, data.chance)}
<section aria-label="Tiers"><h2>Tiers</h2>${shown.map((tier) => tierCard(tier, { link }))}</section>
${attempts(results, link)}
${screens(results, pictures(results, link))}
${logList(results, id, files)}
${findings(results)}
${prunedCard(data.pruned)}
${machine(results)}
${more(results, data)}`
}

/** Code of the recipe that did not run, and the page on which somebody decides about it. */
function refusedCode({ customization: { refused } }: Results, { request: { id } }: RunRow, { operator }: Viewer): Html {
  if (refused.length === 0) return html``
  const next =
    operator === null
      ? html`An operator reads it and approves it on <a href="/runs/${id}/code">its page</a>; log in if you are one.`
      : html`<a href="/runs/${id}/code">Read it and approve it</a>, then run again.`
  return html`<section class="card c-unverified"><h3>Code of this recipe did not run: nobody has approved it</h3><ul>${refused.map((what) => html`<li>${what}</li>`)}</ul><p>${next}</p></section>`
}

function pictures({ artifacts }: Results, link: (path: string) => string | null) {
  return artifacts
    .filter(({ kind }) => kind === 'screenshot' || kind === 'visual-difference')
    .flatMap(({ path }) => {
      const src = link(path)
      return src === null ? [] : [{ name: path.replace(/^artifacts\//, '').replace(/\.png$/, ''), path, src }]
    })
}

/** Each log by the life of its container, in the order of their starts. */
function logList(results: Results, id: string, files: readonly string[]): Html {
  const logs = files.filter((path) => /^logs\/.*\.log$/.test(path)).sort(logOrder(results))
  const items = logs.map(
    (path) => html`<li><a href="/runs/${id}/log/${path.slice('logs/'.length)}">${logName(path, results)}</a></li>`,
  )
  return section('Logs', logs.length, html`<ul class="columns">${items}</ul>`)
}

/** What few look for. */
function more(results: Results, { row, files }: RunPageData): Html {
  const { id } = row.request
  const listed = files.filter((path) => !/^logs\//.test(path))
  const report = files.includes('report.html')
    ? html`<p><a href="/runs/${id}/files/report.html">Report as one file</a> (to keep or to send)</p>`
    : ''
  return html`<details><summary>Settings, images, timeline and files of this run</summary>
${report}${customization(results)}${accommodations(results)}${notLooked(results)}${images(results)}${section('Timeline', 1, timelineMarkup(results, []))}${runFacts(results)}
${fileList(id, listed)}</details>`
}

function facts({ row, now }: RunPageData): Html {
  const { request, outcome, startedAt } = row
  const end = outcome ? Date.parse(outcome.finishedAt) : now
  const rows: readonly (readonly [string, Html | string | null])[] = [
    ['Run', request.id],
    [
      'Started',
      startedAt &&
        html`${momentUtc(startedAt)}, ${outcome ? 'took' : 'running for'} ${formatDuration(Math.max(0, end - Date.parse(startedAt)))}`,
    ],
    ['Kind', request.why ? 'finds out why a run is red (cc-ci ab)' : null],
    ['Upgrade from', request.base === 'auto' ? null : request.base],
    ['Quick', request.quick ? `${QUICK_TIERS.join(', ')} only` : null],
    ['Worker', row.worker && `${row.worker}${row.harness ? ` (cc-ci ${row.harness})` : ''}`],
    ['Attempt', row.attempt > 1 ? String(row.attempt) : null],
    ['Teardown', outcome ? TEARDOWN[outcome.teardown] : null],
  ]
  return html`<h2>This run</h2><dl class="facts">${rows.filter(([, value]) => value !== null).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}

const TEARDOWN = {
  clean: 'proven: nothing is left',
  left: 'something is left; see the report',
  unknown: 'not known yet',
  none: 'nothing had been made',
} as const

function buttons({ row, viewer: { operator, csrf } }: RunPageData, active: boolean): Html {
  if (operator === null) return html``
  const { id } = row.request
  const form = (act: string, text: string) =>
    html`<form class="inline act" method="post" action="/runs/${id}/${act}">${hidden(csrf)}<button>${text}</button></form>`
  return active ? form('cancel', 'Cancel') : form('rerun', 'Run again')
}
