import type { WeeklyReport } from '../../history/weekly/report.ts'
import { htmlDocument } from '../html/document.ts'
import { html, type Markup } from '../html/markup.ts'
import { type Cell, type DocumentPiece, type Section, type WeeklyDocument, weeklyDocument } from './document.ts'

/** Where a reader finds a run. */
export type RunLink = (run: string) => string

/** What a weekly report looks like besides what all pages do. */
export const WEEKLY_STYLE = `
.week { font-size: .95rem; } .week td { padding-top: .45rem; padding-bottom: .45rem; }
.week td:first-child { min-width: 9rem; } .week .run { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .84em; white-space: nowrap; }
.tally { display: flex; flex-wrap: wrap; gap: .6rem; list-style: none; padding: 0; margin: 1rem 0 .4rem; }
.tally li { border-radius: .6rem; padding: .5rem 1rem; min-width: 6.5rem; } .tally strong { display: block; font-size: 1.6rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
svg.tally-bar { width: 100%; height: .6rem; display: block; border-radius: .3rem; } svg.tally-bar rect { fill: var(--skip); }
svg.tally-bar .c-pass { fill: var(--pass); } svg.tally-bar .c-fail { fill: var(--fail); } svg.tally-bar .c-unverified { fill: var(--unverified); }
.inline-list { display: flex; flex-wrap: wrap; gap: .25rem 1.4rem; list-style: none; padding: 0; margin: .5rem 0; }
.contents { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: .8rem 0; }
`

/** As one file: see `htmlDocument`. */
export function weeklyHtml(report: WeeklyReport, link: RunLink): string {
  const document = weeklyDocument(report)
  return htmlDocument({
    title: `cc-ci: ${document.title}`,
    header: html`<header class="top"><h1>${document.title}</h1></header>`,
    main: weeklyBody(document, link),
    footer: html`Made by cc-ci from the folders of its runs: the same runs give the same page.`,
    style: WEEKLY_STYLE,
  })
}

/** What stands below the heading, also on the page of a server. `contents`: with links to the sections, which only lead somewhere on a page of its own. */
export function weeklyBody(
  document: WeeklyDocument,
  link: RunLink,
  { contents: wanted = true }: { readonly contents?: boolean } = {},
): Markup {
  const { subtitle, sections, nothing } = document
  const contents = sections.map(({ id, title, rows, inline = [] }) => {
    return html`<a href="#${id}">${title} (${rows.length + inline.length})</a>`
  })
  return html`<p class="dim">${subtitle}</p>
${tally(document)}
${wanted && sections.length > 1 ? html`<nav class="contents" aria-label="Sections">${contents}</nav>` : ''}
${sections.map((section) => sectionMarkup(section, link))}
${nothing.length > 0 ? html`<p class="dim">Nothing ${nothing.join(' · nothing ')}.</p>` : ''}`
}

function tally({ totals }: WeeklyDocument): Markup {
  const { runs, recipes, pass, fail, unverified, cut } = totals
  const tiles = [
    ['skip', recipes, recipes === 1 ? 'recipe' : 'recipes'],
    ['skip', runs, runs === 1 ? 'run' : 'runs'],
    ['pass', pass, 'passed'],
    ['fail', fail, 'failed'],
    ['unverified', unverified, 'unverified'],
  ] as const
  const shown = tiles.filter(([tone, amount]) => tone === 'skip' || amount > 0)
  const label = `Of ${runs} runs ${pass} passed, ${fail} failed, ${unverified} were unverified`
  return html`<ul class="tally">${shown.map(([tone, amount, what]) => html`<li class="s-${tone}"><strong>${amount}</strong>${what}</li>`)}</ul>
${bar({ pass, fail, unverified }, label)}
${cut > 0 ? html`<p class="dim">${cut} of them ${cut === 1 ? 'was' : 'were'} stopped or killed before the end.</p>` : ''}`
}

/** Of a hundred units; drawn by attributes, because pages allow no style of their own. */
function bar(parts: Readonly<Record<'pass' | 'fail' | 'unverified', number>>, label: string): Markup {
  const sum = Object.values(parts).reduce((all, one) => all + one, 0)
  if (sum === 0) return html``
  let x = 0
  const rects = Object.entries(parts).map(([tone, amount]) => {
    const width = (amount / sum) * 100
    const rect = html`<rect class="c-${tone}" x="${x.toFixed(3)}" y="0" width="${width.toFixed(3)}" height="2"></rect>`
    x += width
    return amount > 0 ? rect : ''
  })
  return html`<svg class="tally-bar" viewBox="0 0 100 2" preserveAspectRatio="none" role="img" aria-label="${label}">${rects}</svg>`
}

function sectionMarkup({ id, title, lead, columns, rows, inline = [] }: Section, link: RunLink): Markup {
  const head = columns.map((column) => html`<th scope="col">${column}</th>`)
  const body = rows.map(([first = [], ...rest]) => {
    const cells = rest.map((cell) => html`<td>${cellMarkup(cell, link)}</td>`)
    return html`<tr><td>${cellMarkup(first, link)}</td>${cells}</tr>`
  })
  const table =
    rows.length > 0
      ? html`<div class="scroll" tabindex="0"><table class="week"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
      : ''
  const list =
    inline.length > 0
      ? html`<ul class="inline-list week">${inline.map((cell) => html`<li>${cellMarkup(cell, link)}</li>`)}</ul>`
      : ''
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><p class="dim">${withCode(lead)}</p>${table}${list}</section>`
}

/** What stands between backticks as code. */
function withCode(text: string): Markup {
  return html`${text.split('`').map((part, at) => (at % 2 === 0 ? part : html`<code>${part}</code>`))}`
}

function cellMarkup(cell: Cell, link: RunLink): Markup {
  return html`${cell.map((piece) => pieceMarkup(piece, link))}`
}

function pieceMarkup(piece: DocumentPiece, link: RunLink): Markup | string {
  if (typeof piece === 'string') return piece
  switch (piece.kind) {
    case 'run':
      return html`<a class="run" href="${link(piece.run)}">${piece.text}</a>`
    case 'badge':
      return html`<span class="badge s-${piece.tone}">${piece.text}</span>`
    case 'code':
      return html`<code>${piece.text}</code>`
    case 'strong':
      return html`<strong>${piece.text}</strong>`
    case 'dim':
      return html`<span class="dim">${piece.text}</span>`
    case 'break':
      return html`<br>`
  }
}
