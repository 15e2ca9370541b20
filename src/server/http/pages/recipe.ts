// cspell:ignore maxlength
import type { RunSummary } from '../../../history/run-summary.ts'
import type { UpgradeTable } from '../../../history/upgrades/table.ts'
import { formatAge, formatDuration } from '../../../lib/text/duration.ts'
import { formatSize } from '../../../lib/text/size.ts'
import { barChart, type ChartBar } from '../../../report/html/chart.ts'
import { customization } from '../../../report/html/facts.ts'
import { html } from '../../../report/html/markup.ts'
import { trend } from '../../../report/html/trend.ts'
import type { Results } from '../../../verdict/results.ts'
import type { ForgePageUrls } from '../../contract/forge.ts'
import type { RepositoryApproval } from '../../contract/services.ts'
import type { RunRow } from '../../contract/store.ts'
import type { Enrollment } from '../../enrollments/enrollment.ts'
import type { KeptCanonical } from '../../memory/kept-of-recipe.ts'
import type { WaitingCode } from '../../memory/waiting-code.ts'
import type { Viewer } from '../authenticator.ts'
import { badge, framed, type Html, hidden, moment, type Page } from './layout.ts'
import { canonicalsSection, upgradesSection } from './recipe-kept.ts'
import { runTable } from './run-table.ts'
import { waitingList } from './waiting-code.ts'

/** Runs on the page and in its charts. */
export const SHOWN_RUNS = 60

export interface RecipePageData {
  readonly viewer: Viewer
  /** `ORG/REPO`. */
  readonly repository: string
  /** Newest first; at most `SHOWN_RUNS`. */
  readonly rows: readonly RunRow[]
  /** By folder, of those whose results are there. */
  readonly summaries: ReadonlyMap<string, RunSummary>
  /** Of the newest run that has results. */
  readonly newest: Results | null
  /** What makes its comments be read: its own entry or that of its organisation; null: nothing does. */
  readonly enrollment: Enrollment | null
  /** Empty for who is no operator. */
  readonly approvals: readonly RepositoryApproval[]
  /** Its code that nobody has decided about. */
  readonly waiting: readonly WaitingCode[]
  /** Newest version first. */
  readonly canonicals: readonly KeptCanonical[]
  /** Newest first. */
  readonly upgrades: readonly UpgradeTable[]
  /** Page of a run that a canonical or an upgrade refers to; null: there is none. */
  readonly linkTo: (run: string) => string | null
  readonly forgePages: ForgePageUrls
  /** Epoch ms. */
  readonly now: number
  /** There are more runs than are shown. */
  readonly more: boolean
}

/** One recipe over time: where it stands, how long its runs take, when its level changed and by which commit, and what may be done with it. */
export function recipePage(data: RecipePageData): Page {
  const { viewer, repository, rows, now, more } = data
  const judged = rows.filter(({ outcome, request }) => outcome?.verdict && !request.why)
  const [newest] = judged
  return framed({
    title: repository,
    viewer,
    here: '/',
    heading: html`<h1>${repository}</h1><p class="dim">${standing(data)}</p>`,
    body: [
      newest
        ? html`<div class="card c-${newest.outcome?.verdict ?? 'skip'}"><p>${badge(newest)} <a href="/runs/${newest.request.id}">newest verdict</a>${newest.request.pull ? html` of pull request ${newest.request.pull.number}` : ''}, ${formatAge(now - Date.parse(newest.outcome?.finishedAt ?? newest.request.at))} ago${newest.outcome?.cause ? html`: ${newest.outcome.tier}, <a href="/causes/${newest.outcome.cause}"><code>${newest.outcome.cause}</code></a>` : ''}</p>${trend(
            judged
              .map(({ outcome }) => ({ verdict: outcome?.verdict ?? null, level: outcome?.level ?? null }))
              .toReversed(),
            SHOWN_RUNS,
          )}</div>`
        : html`<p class="card">Not yet judged: no run of it has ended with a verdict.</p>`,
      waitingList(data.waiting, { viewer, now, repositories: false }),
      testNow(data),
      charts(judged, data),
      levelChanges(judged),
      flakes(data),
      upgradesSection(repository, data.upgrades, data.linkTo),
      rows.length === 0 && data.canonicals.length === 0 ? html`` : canonicalsSection(data.canonicals, data.linkTo),
      runTable('Runs', rows, now, 'one'),
      more ? html`<p><a href="/runs?repository=${encodeURIComponent(repository)}">All its runs</a></p>` : html``,
      approvals(data),
      data.newest ? html`${customization(data.newest)}` : html``,
    ],
  })
}

function standing({ enrollment, repository, approvals: approved }: RecipePageData): Html {
  const comments = enrollment
    ? html`Comments are read${enrollment.name.toLowerCase() === repository.toLowerCase() ? '' : html`, because all of ${enrollment.name} is enrolled`} (${enrollment.webhook === null ? 'by polling alone' : 'webhook and polling'}).`
    : html`Not enrolled: comments are not read. <a href="/repositories">Enrol it</a>`
  const code =
    approved.length === 0 ? '' : ` ${approved.length} approval${approved.length === 1 ? '' : 's'} of its code.`
  return html`${comments}${code}`
}

/** For who may: a run of a branch, tag or commit. */
function testNow({ viewer, repository, enrollment }: RecipePageData): Html {
  if (viewer.operator === null || enrollment === null) return html``
  return html`<form method="post" action="/recipes/${repository}/test">${hidden(viewer.csrf)}<label>Branch, tag or commit <input name="ref" placeholder="default branch" maxlength="200"></label><button>Test it now</button></form>`
}

function charts(judged: readonly RunRow[], { summaries }: RecipePageData): Html {
  const points = judged.toReversed().map((row) => ({ row, summary: summaries.get(row.folder) }))
  if (points.length < 2) return html``
  const bars = (amountOf: (run: RunSummary) => number | undefined, format: (value: number) => string) =>
    points.map(({ row, summary }): ChartBar => {
      const value = (summary && amountOf(summary)) ?? null
      return {
        value,
        look: row.outcome?.verdict ?? 'skip',
        title: `${row.request.at.slice(0, 16).replace('T', ' ')}: ${value === null ? 'not known' : format(value)}`,
        href: `/runs/${row.request.id}`,
      }
    })
  const took = (run: RunSummary) => Date.parse(run.finishedAt) - Date.parse(run.startedAt)
  const converged = (run: RunSummary) => run.tiers.find(({ id }) => id === 'install')?.convergedMs
  return html`<section aria-label="Charts" class="shots">${barChart('Duration of its runs', bars(took, formatDuration), formatDuration)}${barChart('Until every service was up (install)', bars(converged, formatDuration), formatDuration)}${barChart(
    'Memory of all its services',
    bars(({ memoryBytes }) => memoryBytes, formatSize),
    formatSize,
  )}</section>`
}

/** Where two runs of its own branches in a row had another level. */
function levelChanges(judged: readonly RunRow[]): Html {
  const own = judged.filter(({ request }) => request.pull === null)
  const rows = own.flatMap((row, index) => {
    const before = own[index + 1]
    if (!before || before.outcome?.level === row.outcome?.level) return []
    return [
      html`<tr><td class="nowrap">${moment(row.request.at)}</td><td>${before.outcome?.level ?? 0} → <strong>${row.outcome?.level ?? 0}</strong></td><td><code>${row.request.commit.slice(0, 10)}</code></td><td><a href="/runs/${row.request.id}">${row.outcome?.cause ?? 'run'}</a>, before: <a href="/runs/${before.request.id}">${before.outcome?.cause ?? 'run'}</a></td></tr>`,
    ]
  })
  if (rows.length === 0) return html``
  return html`<h2>Changes of its level</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">when (UTC)</th><th scope="col">level</th><th scope="col">first at commit</th><th scope="col">runs</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

/** Tiers that passed on a second attempt only. */
function flakes({ rows, summaries }: RecipePageData): Html {
  const found = rows.flatMap((row) =>
    (summaries.get(row.folder)?.tiers ?? []).flatMap(({ id, flaky }) =>
      flaky === undefined
        ? []
        : [
            html`<li><a href="/runs/${row.request.id}">${row.request.at.slice(0, 10)}</a>: ${id} passed on the second attempt, after <a href="/causes/${flaky}"><code>${flaky}</code></a></li>`,
          ],
    ),
  )
  return found.length === 0 ? html`` : html`<h2>Flaky</h2><ul class="lines">${found}</ul>`
}

function approvals({ approvals: all, viewer, repository, forgePages }: RecipePageData): Html {
  if (all.length === 0) return html``
  const rows = all.map(
    ({ commit, tree, at }) =>
      html`<tr><td><a href="${forgePages.file(repository, commit, 'cc-ci')}"><code>${commit.slice(0, 10)}</code></a></td><td>${tree === null ? 'that commit alone' : 'every commit with the same cc-ci/'}</td><td>${moment(at)}</td><td>${viewer.operator === null ? '' : html`<form class="inline" method="post" action="/approvals/revoke">${hidden(viewer.csrf)}<input type="hidden" name="repository" value="${repository}"><input type="hidden" name="commit" value="${commit}"><button>Revoke</button></form>`}</td></tr>`,
  )
  return html`<h2>Approved code</h2><div class="scroll" tabindex="0"><table><thead><tr><th scope="col">as in</th><th scope="col">holds for</th><th scope="col">approved (UTC)</th><th scope="col"></th></tr></thead><tbody>${rows}</tbody></table></div>`
}
