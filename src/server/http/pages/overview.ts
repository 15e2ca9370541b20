// cspell:ignore maxlength
import { formatAge } from '../../../lib/text/duration.ts'
import { formatSize } from '../../../lib/text/size.ts'
import { html } from '../../../report/html/markup.ts'
import { trend } from '../../../report/html/trend.ts'
import { SIGNS } from '../../../report/text/colors.ts'
import type { QueuePlace, RunRow, WorkerRow } from '../../contract/store.ts'
import { type Glimpse, RECENT, type RecipeGlance } from '../../memory/overview.ts'
import type { RunsDiskStatus } from '../../retention.ts'
import type { Viewer } from '../authenticator.ts'
import { placed } from './format.ts'
import { framed, type Html, momentUtc, type Page } from './layout.ts'
import { isHere } from './workers.ts'

export const ORDERS = { attention: 'what needs attention', name: 'name', newest: 'newest run', level: 'level' } as const
export const SHOWS = {
  all: 'all',
  red: 'not passing',
  pass: 'passing',
  active: 'running or waiting',
  new: 'not yet judged',
} as const

export interface OverviewFilter {
  /** Part of a name; empty: all. */
  readonly q: string
  readonly show: keyof typeof SHOWS
  readonly sort: keyof typeof ORDERS
}

export interface OverviewData {
  readonly viewer: Viewer
  /** Epoch ms. */
  readonly now: number
  readonly glances: readonly RecipeGlance[]
  readonly filter: OverviewFilter
  readonly running: readonly RunRow[]
  readonly queued: readonly { readonly row: RunRow; readonly place: QueuePlace | null }[]
  readonly queueLength: number
  readonly workers: readonly WorkerRow[]
  /** How much code waits for an approval; 0 for who may not approve. */
  readonly waitingCode: number
  /** `maxBytes` null: no limit. */
  readonly runsDisk: RunsDiskStatus & { readonly maxBytes: number | null }
}

/** All recipes at a glance, what runs and waits, and whether the server itself is well. */
export function overviewPage(data: OverviewData): Page {
  const { viewer, now, glances, filter, running, queueLength } = data
  const shown = select(glances, filter)
  return framed({
    title: 'Recipes',
    viewer,
    here: '/',
    refresh: running.length + queueLength > 0 ? 10 : null,
    body: [
      troubles(data),
      glances.length === 0
        ? first(viewer)
        : html`${filterForm(filter, shown.length, glances.length)}
<ul class="recipes">${shown.map((glance) => card(glance, now))}</ul>
${shown.length === 0 ? html`<p class="dim">No recipe fits. <a href="/">Show all</a></p>` : ''}`,
      activity(data),
      standing(data),
    ],
  })
}

/** Those that fit the filter, in its order. */
export function select(glances: readonly RecipeGlance[], { q, show, sort }: OverviewFilter): readonly RecipeGlance[] {
  const wanted = q.trim().toLowerCase()
  return glances
    .filter(({ repository }) => repository.toLowerCase().includes(wanted))
    .filter((glance) => fits(glance, show))
    .toSorted(BY[sort])
}

function fits({ newest, running, queued }: RecipeGlance, show: OverviewFilter['show']): boolean {
  switch (show) {
    case 'all':
      return true
    case 'red':
      return newest !== null && newest.verdict !== 'pass'
    case 'pass':
      return newest?.verdict === 'pass'
    case 'active':
      return running + queued > 0
    case 'new':
      return newest === null
  }
}

const byName = (a: RecipeGlance, b: RecipeGlance) => a.repository.localeCompare(b.repository)
const byNewest = (a: RecipeGlance, b: RecipeGlance) =>
  (b.newest?.finishedAt ?? '').localeCompare(a.newest?.finishedAt ?? '') || byName(a, b)
const WORST = ['fail', 'unverified', null, 'pass']
const BY: Readonly<Record<OverviewFilter['sort'], (a: RecipeGlance, b: RecipeGlance) => number>> = {
  name: byName,
  newest: byNewest,
  level: (a, b) => (b.newest?.level ?? -1) - (a.newest?.level ?? -1) || byName(a, b),
  attention: (a, b) =>
    WORST.indexOf(a.newest?.verdict ?? null) - WORST.indexOf(b.newest?.verdict ?? null) || byNewest(a, b),
}

function filterForm({ q, show, sort }: OverviewFilter, shown: number, all: number): Html {
  const options = (table: Readonly<Record<string, string>>, chosen: string) =>
    Object.entries(table).map(
      ([value, name]) => html`<option value="${value}"${value === chosen ? html` selected` : ''}>${name}</option>`,
    )
  return html`<form class="filter" method="get" action="/" role="search"><label>Find <input type="search" name="q" value="${q}" placeholder="part of a name" data-filter=".recipes > li" data-key="/" maxlength="100"></label><label>Show <select name="show">${options(SHOWS, show)}</select></label><label>Sort by <select name="sort">${options(ORDERS, sort)}</select></label><button>Apply</button> <span class="dim"><span data-filter-count>${shown} of ${all}</span> recipes</span></form>`
}

function card({ repository, newest, recent, running, queued, pulls, picture }: RecipeGlance, now: number): Html {
  const [organisation = '', name = ''] = repository.split('/')
  const badge = newest
    ? html`<span class="badge s-${newest.verdict ?? 'skip'}">${SIGNS[newest.verdict ?? 'skip'].sign} ${newest.verdict ?? 'ended'}, level ${newest.level ?? 0}</span>`
    : html`<span class="badge s-skip">not yet judged</span>`
  const active = [running > 0 ? `▶ ${running} running` : '', queued > 0 ? `${queued} waiting` : ''].filter(Boolean)
  const open = pulls.slice(0, 3)
  return html`<li class="recipe c-${newest?.verdict ?? 'skip'}" data-text="${repository}"><a class="name" href="/recipes/${repository}"><small>${organisation}/</small>${name}</a>${badge}
<p class="what">${newest ? why(newest, now) : 'Enrolled; no run has judged it.'}${active.length > 0 ? html` <span class="badge s-running">${active.join(', ')}</span>` : ''}</p>
${trend(recent, RECENT)}${newest && picture ? html`<img src="/runs/${newest.run}/screenshot.png" alt="" loading="lazy" width="120" height="75">` : ''}
${open.length > 0 ? html`<p class="pulls">${open.map((pull) => html`<a href="/runs/${pull.run}">${SIGNS[pull.verdict ?? 'skip'].sign} #${pull.pull}</a> `)}</p>` : ''}</li>`
}

function why({ run, finishedAt, cause, tier, pull }: Glimpse, now: number): Html {
  const what = cause === null ? 'run' : `${tier}: ${cause}`
  return html`<a href="/runs/${run}">${what}</a> <span class="dim">${formatAge(now - Date.parse(finishedAt))} ago${pull === null ? '' : `, #${pull}`}</span>`
}

/** A server that has no recipe yet. */
function first({ operator }: Viewer): Html {
  const enrol =
    operator === null
      ? html`<a href="/login">Log in</a> as an operator and enrol a repository`
      : html`<a href="/repositories">Enrol a repository or an organisation</a>`
  return html`<section class="card plain"><h2>No recipe is known yet</h2><ol><li>${enrol}.</li><li>Open a pull request there and comment <code>!testme</code>, or start a run from the page of the recipe.</li><li>The run appears here as soon as it waits, and answers in the pull request when it is over.</li></ol><p class="dim">Without a server: <code>cc-ci test DIRECTORY</code> judges a local checkout.</p></section>`
}

function activity({ running, queued, queueLength, now }: OverviewData): Html {
  if (running.length + queueLength === 0) return html``
  const name = ({ request }: RunRow) =>
    html`<a href="/runs/${request.id}">${request.repository}${request.pull ? `#${request.pull.number}` : ''}</a>`
  return html`<h2>Running ${running.length}, waiting ${queueLength}</h2><ul class="lines">${running.map(
    (row) =>
      html`<li><span class="badge s-running">▶ running</span> ${name(row)} <span class="dim">since ${formatAge(now - Date.parse(row.startedAt ?? row.request.at))}${row.worker === null ? '' : ` on ${row.worker}`}</span></li>`,
  )}${queued.map(({ row, place }) => html`<li><span class="badge s-skip">… waiting</span> ${name(row)} <span class="dim">${placed(place)}</span></li>`)}</ul>${queueLength > queued.length ? html`<p><a href="/queue">All ${queueLength} that wait</a></p>` : ''}`
}

/** What an operator must see first. */
function troubles({ workers, now, waitingCode, runsDisk: { disk, trouble, maxBytes } }: OverviewData): Html {
  const over = disk && maxBytes !== null && disk.bytes > maxBytes
  const all = [
    ...workers
      .filter((worker) => isHere(worker, now) && worker.unavailableReason !== null)
      .map(({ name, unavailableReason }) => `${name}: ${unavailableReason}`),
    ...(over
      ? [
          'The run folders take more than the limit: the rest is results, which stay, and runs that are left alone (cc-ci gc --runs --dry-run).',
        ]
      : []),
    ...(trouble === null ? [] : [`Run folders: ${trouble}`]),
  ]
  const code =
    waitingCode === 0
      ? ''
      : html`<p class="warn">⚠ ${waitingCode === 1 ? 'Code of one commit waits' : `Code of ${waitingCode} commits waits`} for an approval: <a href="/approvals">read it</a></p>`
  return html`${code}${all.map((text) => html`<p class="warn">⚠ ${text}</p>`)}`
}

function standing({ workers, now, runsDisk: { disk, maxBytes } }: OverviewData): Html {
  const here = workers.filter((worker) => isHere(worker, now)).length
  const most = maxBytes === null ? '' : ` of ${formatSize(maxBytes)}`
  const disks = disk
    ? html`${formatSize(disk.bytes)}${most} in the folders of ${disk.runs} run${disk.runs === 1 ? '' : 's'}, ${momentUtc(disk.at)}.`
    : 'What the run folders hold was not looked at yet.'
  return html`<p class="dim"><a href="/workers">${here} of ${workers.length} worker${workers.length === 1 ? '' : 's'}</a> here now. ${disks}</p>`
}
