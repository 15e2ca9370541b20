import type { WeeklyHeadline, WeeklyReport } from '../../../history/weekly/report.ts'
import { html } from '../../../report/html/markup.ts'
import { weeklyDocument } from '../../../report/weekly/document.ts'
import { type RunLink, weeklyBody } from '../../../report/weekly/html.ts'
import type { Viewer } from '../authenticator.ts'
import { framed, type Html, type Page } from './layout.ts'

/** The weeks that are over, newest first, each with what is most worth knowing. */
export function reportsPage(viewer: Viewer, reports: readonly WeeklyHeadline[]): Page {
  const heads = ['week', 'from (UTC)', 'runs', 'passed', 'regressed', 'fixed', 'need attention', 'as']
  return framed({
    title: 'Weekly reports',
    viewer,
    here: '/reports',
    body: [
      html`<p class="dim">Made of the run folders when a week is over. <a href="/reports.atom">Feed (Atom)</a></p>`,
      reports.length === 0
        ? html`<p class="dim">No week with runs is over yet.</p>`
        : html`<div class="scroll" tabindex="0"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${reports.map(line)}</tbody></table></div>`,
    ],
  })
}

function line({ week, totals, regressed, fixed, attention }: WeeklyHeadline): Html {
  const worse = regressed > 0 ? html`<span class="badge s-fail">${regressed}</span>` : '0'
  return html`<tr><th scope="row"><a href="/reports/${week.id}">${week.id}</a></th><td class="nowrap">${week.from.slice(0, 10)}</td><td>${totals.runs}</td><td>${totals.pass}</td><td>${worse}</td><td>${fixed}</td><td>${attention}</td><td><a href="/reports/${week.id}.md">Markdown</a></td></tr>`
}

/** One week: the same as `cc-ci report` writes. */
export function reportPage(viewer: Viewer, report: WeeklyReport, link: RunLink): Page {
  const document = weeklyDocument(report)
  return framed({
    title: document.title,
    viewer,
    here: '/reports',
    body: [
      weeklyBody(document, link),
      html`<p class="dim"><a href="/reports">All reports</a> · <a href="/reports/${report.week.id}.md">as Markdown</a></p>`,
    ],
  })
}
