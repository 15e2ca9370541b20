// cspell:ignore maxlength
import { logLines } from '../../../report/html/log.ts'
import { html } from '../../../report/html/markup.ts'
import type { RunRow } from '../../contract/store.ts'
import type { Viewer } from '../authenticator.ts'
import type { LogMatches, LogPage } from '../log-lines.ts'
import { framed, type Html, type Page } from './layout.ts'

/** Lines of a log on one page. */
export const LOG_PAGE_LINES = 1_000

export interface LogPageData {
  readonly viewer: Viewer
  readonly row: RunRow
  /** Below `logs/`. */
  readonly path: string
  /** `app, 2nd start, exit 3`. */
  readonly name: string
  /** What is searched for; empty: nothing. */
  readonly search: string
  readonly shown: LogPage | LogMatches
}

/** A log of a run, a page of its lines or those that hold what is searched for. A number leads to that line among its neighbours, for good. */
export function logPage(data: LogPageData): Page {
  const { viewer, row, path, name, search, shown } = data
  const { id, repository } = row.request
  const own = `/runs/${id}/log/${path}`
  const form = html`<form method="get" action="${own}" role="search"><label>Search <input type="search" name="q" value="${search}" maxlength="200"></label><button>Search</button> <a href="/runs/${id}/files/logs/${path}">whole log as text</a></form>`
  return framed({
    title: `${name}: ${repository}`,
    viewer,
    here: '/runs',
    heading: html`<h1>${name}</h1><p class="dim">Log of <a href="/runs/${id}">run ${id}</a> of ${repository}. Times are in UTC.</p>`,
    body: [form, 'matches' in shown ? matches(shown, search, own) : lines(shown, own)],
  })
}

function lines({ from, lines: all, more }: LogPage, own: string): Html {
  if (all.length === 0) return html`<p class="dim">${from === 1 ? 'It said nothing.' : 'It ends before that line.'}</p>`
  const before =
    from > 1 ? html`<a href="${own}?from=${Math.max(1, from - LOG_PAGE_LINES)}" rel="prev">earlier lines</a> ` : ''
  const after = more ? html`<a href="${own}?from=${from + LOG_PAGE_LINES}" rel="next">later lines</a>` : ''
  const pages = html`<p>${before}lines ${from} to ${from + all.length - 1} ${after}</p>`
  return html`${pages}${logLines({ id: 'log', from, lines: all, href: (line) => linkTo(own, line) })}${pages}`
}

function matches({ matches: found, more }: LogMatches, search: string, own: string): Html {
  if (found.length === 0) return html`<p>No line holds “${search}”.</p>`
  const rows = found.map(({ line, text }) =>
    logLines({ id: 'log', from: line, lines: [text], search, href: (number) => linkTo(own, number) }),
  )
  return html`<p>${more ? `The first ${found.length} lines` : `${found.length} ${found.length === 1 ? 'line' : 'lines'}`} with “${search}”.</p>${rows}`
}

/** The page that a line is on, wherever the reader comes from. */
function linkTo(own: string, line: number): string {
  const from = line - ((line - 1) % LOG_PAGE_LINES)
  return `${own}?from=${from}#log-L${line}`
}
