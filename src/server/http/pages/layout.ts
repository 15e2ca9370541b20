import { html } from 'hono/html'
import { STYLE } from '../../../report/html/style.ts'
import { MATRIX_STYLE } from '../../../report/sweep/matrix-markup.ts'
import { SIGNS } from '../../../report/text/colors.ts'
import { WEEKLY_STYLE } from '../../../report/weekly/html.ts'
import type { RunRow } from '../../contract/store.ts'
import type { Viewer } from '../authenticator.ts'

/** Text that is markup already: everything that comes into it by `${}` was escaped. */
export type Html = ReturnType<typeof html>

export interface Frame {
  readonly title: string
  readonly viewer: Viewer
  /** Seconds after which the page looks again; null: never. */
  readonly refresh?: number | null
  readonly body: Html | readonly Html[]
}

/** Every page of the server. No script, no style of its own: its policy forbids both. */
export function framed({ title, viewer, refresh, body }: Frame): Html {
  const again = refresh ? html`<meta http-equiv="refresh" content="${refresh}">` : ''
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${again}
<title>${title} · cc-ci</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/style.css"><link rel="alternate" type="application/atom+xml" title="Weekly reports of cc-ci" href="/reports.atom"></head>
<body>
<header class="top"><nav aria-label="Pages"><a href="/"><strong>cc-ci</strong></a> <a href="/runs">runs</a> <a href="/reports">reports</a> <a href="/repositories">repositories</a> <a href="/sweeps">sweeps</a> <a href="/workers">workers</a> ${entrance(viewer)}</nav></header>
<main><h1>${title}</h1>
${body}
</main>
</body>
</html>`
}

/** A page that says one thing, as an error does. */
export function plainPage(viewer: Viewer, title: string, text: string): Html {
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
  return html`<span class="badge s-${known ?? (state === 'error' ? 'fail' : 'skip')}">${sign} ${word}${level}</span>`
}

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

export const CSS = `${STYLE}${MATRIX_STYLE}${WEEKLY_STYLE}
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; align-items: baseline; padding-bottom: .8rem; }
nav .inline { margin-left: auto; } form.inline { display: inline; }
button, input, select { font: inherit; padding: .25rem .7rem; border-radius: .4rem; border: 1px solid var(--line); background: var(--card); color: var(--text); max-width: 100%; }
button { cursor: pointer; } label { display: inline-flex; flex-wrap: wrap; gap: .4rem; align-items: center; margin: .2rem 1rem .2rem 0; }
td .badge { margin-right: .3rem; } .warn { color: var(--unverified); } main > p { margin: .6rem 0; }
img.shot { max-width: 100%; border: 1px solid var(--line); border-radius: .4rem; }
`
