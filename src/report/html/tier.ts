import { formatDuration } from '../../lib/text/duration.ts'
import type { TierResult, TierStatus } from '../../verdict/results.ts'
import { SIGNS } from '../text/colors.ts'
import { evidenceMarkup } from './evidence.ts'
import { html, type Markup, table } from './markup.ts'

/**
 * One tier: outcome first, the cause with its lines open, evidence folded away where all is well. `attempt`: of another attempt than the one
 * that counts, so that its ids differ.
 */
export function tierCard(tier: TierResult, attempt?: number): Markup {
  const { status, reason, startedAt, durationMs, operations, cause } = tier
  const id = attempt === undefined ? tier.id : `${tier.id}-${attempt}`
  const own = cause?.code === 'blocked' ? undefined : cause
  const time = startedAt ? html`<span class="time">${formatDuration(durationMs)}</span>` : ''
  return html`<section class="card c-${status}" id="tier-${id}" aria-labelledby="h-${id}">
<header><h3 id="h-${id}">${tier.id}</h3>${badge(status)}${own ? '' : html`<span class="dim">${reason}</span>`}${time}</header>
${own ? causeMarkup(own) : ''}
${operations.length > 0 ? html`<p class="dim">${operations.map(({ operation, ms }) => `${operation} (${formatDuration(ms)})`).join(' · ')}</p>` : ''}
${details(tier)}
</section>`
}

function badge(status: TierStatus): Markup {
  return html`<span class="badge s-${status}">${SIGNS[status].sign} ${status}</span>`
}

function causeMarkup(cause: NonNullable<TierResult['cause']>): Markup {
  const { code, blame, message, hint, service, lines } = cause
  return html`<div class="cause">
<p><strong>${code}</strong> <span class="dim">blame: ${blame}${service ? `, service ${service}` : ''}</span></p>
<p>${message}</p>
${lines.length > 0 ? html`<pre>${lines.join('\n')}</pre>` : ''}
<p><strong>What to do:</strong> ${hint}</p>
</div>`
}

function details({ evidence, checks, tests, status, id }: TierResult): Markup {
  if (evidence.length + checks.length + tests.length === 0) return html``
  const parts = [checkTable(checks), testTable(tests), evidence.map((piece) => evidenceMarkup(piece))]
  const open = status === 'fail' || status === 'unverified' ? html` open` : ''
  return html`<details${open}><summary>${id}: checks and evidence</summary>${parts}</details>`
}

function checkTable(checks: TierResult['checks']): Markup {
  const rows = checks.map(({ name, outcome, cause }) => [
    badge(outcome),
    name,
    cause ? `${cause.code}: ${cause.message}` : '',
  ])
  return table('Checks', ['Outcome', 'Check', ''], rows)
}

function testTable(tests: TierResult['tests']): Markup {
  const rows = tests.map(({ title, file, status, durationMs, error, reason, artifacts = [], quarantined }) => {
    const outcome = ({ passed: 'pass', failed: 'fail', skipped: 'skip' } as const)[status]
    const links = artifacts.map((path) => html` <a href="${path}">${path.split('/').at(-1) ?? path}</a>`)
    const excused = quarantined
      ? `In quarantine until ${quarantined.until}, decides nothing: ${quarantined.reason}`
      : ''
    const more = html`${excused ? html`<p class="dim">${excused}</p>` : ''}${reason ? html`<p class="dim">${reason}</p>` : ''}${error ? html`<pre>${error}</pre>` : ''}${links.length > 0 ? html`<p>${links}</p>` : ''}`
    return [badge(outcome), html`${title}${more}`, html`<code>${file}</code>`, formatDuration(durationMs)]
  })
  return table('Tests', ['Outcome', 'Test', 'File', 'Time'], rows)
}
