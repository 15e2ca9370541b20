import { formatDuration } from '../../lib/text/duration.ts'
import type { TierResult, TierStatus } from '../../verdict/results.ts'
import { tierWords } from '../run/proven.ts'
import { SIGNS } from '../text/colors.ts'
import { evidenceMarkup } from './evidence.ts'
import { html, inlineCode, type Markup, table } from './markup.ts'

/** Where a file of the run folder is found from the page; null: it is not there. */
export type FileLink = (path: string) => string | null

export interface TierCardOptions {
  /** Of another attempt than the one that counts, so that its ids differ. */
  readonly attempt?: number
  /** Default: below the page's own folder. */
  readonly link?: FileLink
}

/** One tier: outcome first, the cause with its lines open, evidence folded away where all is well. A link to `#tier-ID` opens it. */
export function tierCard(tier: TierResult, { attempt, link = (path) => path }: TierCardOptions = {}): Markup {
  const { status, startedAt, durationMs, operations, cause } = tier
  const id = attempt === undefined ? tier.id : `${tier.id}-${attempt}`
  const own = cause?.code === 'blocked' ? undefined : cause
  const time = startedAt ? html`<span class="time">${formatDuration(durationMs)}</span>` : ''
  const head = html`<h3 id="h-${id}">${tier.id}</h3>${badge(status)}<span class="dim">${own ? own.code : inlineCode(tierWords(tier))}</span>${time}`
  const body = [
    own ? causeMarkup(own) : html``,
    operations.length > 0
      ? html`<p class="dim">${operations.map(({ operation, ms }) => `${operation} (${formatDuration(ms)})`).join(' · ')}</p>`
      : html``,
    details(tier, id, link),
  ].filter(({ text }) => text !== '')
  if (body.length === 0)
    return html`<section class="card c-${status}" id="tier-${id}" aria-labelledby="h-${id}"><header class="head">${head}</header></section>`
  const open = status === 'fail' || status === 'unverified' ? html` open` : ''
  return html`<details class="card c-${status}" id="tier-${id}"${open}><summary>${head}</summary>${body}</details>`
}

function badge(status: TierStatus): Markup {
  return html`<span class="badge s-${status}">${SIGNS[status].sign} ${status}</span>`
}

function causeMarkup(cause: NonNullable<TierResult['cause']>): Markup {
  const { code, blame, message, hint, service, lines } = cause
  return html`<div class="cause">
<p><strong>${code}</strong> <span class="dim">blame: ${blame}${service ? `, service ${service}` : ''}</span></p>
<p>${inlineCode(message)}</p>
${lines.length > 0 ? html`<pre>${lines.join('\n')}</pre>` : ''}
<p><strong>What to do:</strong> ${inlineCode(hint)}</p>
</div>`
}

function details({ evidence, checks, tests }: TierResult, id: string, link: FileLink): Markup {
  const parts = [checkTable(checks), testTable(tests, id, link), ...evidence.map((piece) => evidenceMarkup(piece))]
  return html`${parts}`
}

function checkTable(checks: TierResult['checks']): Markup {
  const rows = checks.map(({ name, outcome, cause }) => [
    badge(outcome),
    name,
    cause ? html`${cause.code}: ${inlineCode(cause.message)}` : '',
  ])
  return table('Checks', ['Outcome', 'Check', ''], rows)
}

/** Each test with what it said first, and its files. */
function testTable(tests: TierResult['tests'], id: string, link: FileLink): Markup {
  const rows = tests.map((test, index) => {
    const { title, file, status, durationMs, error, reason, artifacts = [], quarantined } = test
    const outcome = ({ passed: 'pass', failed: 'fail', skipped: 'skip' } as const)[status]
    const excused = quarantined
      ? html`<p class="dim">In quarantine until ${quarantined.until}, decides nothing: ${quarantined.reason}</p>`
      : ''
    const more = html`${excused}${reason ? html`<p class="dim">${reason}</p>` : ''}${error ? html`<pre>${error}</pre>` : ''}${fileLinks(artifacts, link)}`
    const anchor = `${id}-test-${index + 1}`
    const name = html`<span id="${anchor}">${title} <a class="anchor" href="#${anchor}" aria-label="link to this test">#</a></span>`
    return [badge(outcome), html`${name}${more}`, html`<code>${file}</code>`, formatDuration(durationMs)]
  })
  return table('Tests', ['Outcome', 'Test', 'File', 'Time'], rows)
}

function fileLinks(paths: readonly string[], link: FileLink): Markup {
  const links = paths.flatMap((path) => {
    const href = link(path)
    return href === null ? [] : [html`<a href="${href}">${path.split('/').at(-1) ?? path}</a> `]
  })
  return links.length === 0 ? html`` : html`<p>${links}</p>`
}
