import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { html, type Markup } from '../../../report/html/markup.ts'
import { STYLE } from '../../../report/html/style.ts'
import { MATRIX_STYLE } from '../../../report/sweep/matrix-markup.ts'
import { SIGNS } from '../../../report/text/colors.ts'
import { WEEKLY_STYLE } from '../../../report/weekly/html.ts'
import type { RunRow } from '../../contract/store.ts'
import type { Viewer } from '../authenticator.ts'

export type Html = Markup

/** A page for the one answer whose scripts carry this nonce (see `sendPage`). */
export type Page = (nonce: string) => Markup

export interface Frame {
  readonly title: string
  readonly viewer: Viewer
  /** The entry of the menu that this page belongs to. */
  readonly here?: string
  /** What stands above the title's line instead of a plain one. */
  readonly heading?: Markup
  /** Seconds after which a browser without scripts looks again; null: never. */
  readonly refresh?: number | null
  /** For the head of the page. */
  readonly head?: Html
  readonly body: Html | readonly Html[]
}

const MENU = [
  ['/', 'Overview'],
  ['/runs', 'Runs'],
  ['/queue', 'Queue'],
  ['/sweeps', 'Sweeps'],
  ['/reports', 'Reports'],
  ['/repositories', 'Repositories'],
  ['/workers', 'Workers'],
] as const

/** Every page of the server. One script of its own, which a page does without; its policy forbids all others. */
export function framed({ title, viewer, here, heading, refresh, head, body }: Frame): Page {
  const again = refresh ? html`<noscript><meta http-equiv="refresh" content="${refresh}"></noscript>` : ''
  const menu = MENU.map(
    ([path, name]) =>
      html`<a${path === '/' ? html` class="brand"` : ''} href="${path}"${path === here ? html` aria-current="page"` : ''}>${path === '/' ? 'cc-ci' : name}</a>`,
  )
  return (nonce) => html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">${again}
<title>${title} · cc-ci</title><link rel="icon" href="data:,"><link rel="stylesheet" href="${STYLE_PATH}"><link rel="alternate" type="application/atom+xml" title="Weekly reports of cc-ci" href="/reports.atom">${head ?? ''}
<script nonce="${nonce}" src="${SCRIPT_PATH}" defer></script></head>
<body>
<a class="skip-link" href="#main">To the content</a>
<header class="bar"><nav aria-label="Pages">${menu}<span class="who">${entrance(viewer)}</span></nav></header>
<header class="top">${heading ?? html`<h1>${title}</h1>`}</header>
<main id="main">
${body}
</main>
<footer>cc-ci proves recipes on a real Docker Swarm.</footer>
</body>
</html>
`
}

/** A page that says one thing, as an error does. */
export function plainPage(viewer: Viewer, title: string, text: string): Page {
  return framed({ title, viewer, body: html`<p>${text}</p>` })
}

function entrance({ operator, csrf }: Viewer): Html {
  if (operator === null) return html`<a href="/login">log in</a>`
  return html`<form class="inline" method="post" action="/logout">${hidden(csrf)}<span class="dim">${operator}</span> <button>log out</button></form>`
}

export function hidden(csrf: string): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}">`
}

/** A verdict or state as a badge; the sign alone tells it where there is no colour. */
export function badge({ state, outcome }: Pick<RunRow, 'state' | 'outcome'>): Html {
  const word = outcome?.verdict ?? state
  const known = word === 'pass' || word === 'fail' || word === 'unverified' ? word : null
  const sign = known ? SIGNS[known].sign : STATE_SIGNS[state]
  const level = outcome?.level == null ? '' : `, level ${outcome.level}`
  return html`<span class="badge s-${known ?? LOOKS[state]}">${sign} ${word}${level}</span>`
}

const LOOKS = {
  queued: 'skip',
  running: 'running',
  done: 'skip',
  cancelled: 'skip',
  error: 'fail',
} as const satisfies Record<RunRow['state'], string>

const STATE_SIGNS = { queued: '…', running: '▶', done: '·', cancelled: '–', error: '✗' } as const satisfies Record<
  RunRow['state'],
  string
>

/** In UTC, which the heading of its column says, or `momentUtc`. */
export function moment(iso: string): Html {
  return html`<time class="nowrap" datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')}</time>`
}

export function momentUtc(iso: string): Html {
  return html`${moment(iso)} UTC`
}

/** What pages of the server look like beside reports. */
const CSS = `${STYLE}${MATRIX_STYLE}${WEEKLY_STYLE}`

/** Plain JavaScript for browsers, as it is served. */
const SCRIPT = readFileSync(new URL('client.js', import.meta.url), 'utf8')

/** Both may be kept by a browser forever: another text has another address. */
const STYLE_PATH = `/style-${shortHash(CSS)}.css`
const SCRIPT_PATH = `/client-${shortHash(SCRIPT)}.js`

export const ASSETS: readonly { readonly path: string; readonly type: string; readonly text: string }[] = [
  { path: STYLE_PATH, type: 'text/css; charset=utf-8', text: CSS },
  { path: SCRIPT_PATH, type: 'text/javascript; charset=utf-8', text: SCRIPT },
]

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
