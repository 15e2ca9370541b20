import { foldRepeats } from '../../lib/text/fold-repeats.ts'
import { decisiveTier } from '../../verdict/decisive.ts'
import type { Results } from '../../verdict/results.ts'
import { WHO_ACTS } from '../run/who-acts.ts'
import { html, inlineCode, type Markup } from './markup.ts'

/** So many of the lines of a cause stand at the top of a page; all of them stand with their tier. */
const MOST_LINES = 10

export interface LeadParts {
  /** Since when it is like this; null: nothing is known of earlier runs. */
  readonly since: Markup | null
  /** Where a cause is explained; null: only the command can be told. */
  readonly explain: ((code: string) => string) | null
}

/**
 * What a reviewer asks first of a run that did not pass: what broke, with the lines that show it, whose move it is, since when, and what to do. Empty for a
 * pass.
 */
export function lead(results: Results, { since, explain }: LeadParts): Markup {
  const tier = decisiveTier(results)
  if (!tier) return html``
  const { cause } = tier
  if (!cause)
    return html`<section class="lead c-${tier.status}" aria-label="What broke"><h2><a href="#tier-${tier.id}">${tier.id}</a>: ${tier.status}</h2><p class="message">${inlineCode(tier.reason)}</p>${answers([['Since', since]])}</section>`
  const { code, message, hint, lines, blame, service } = cause
  const folded = foldRepeats(lines)
  const hidden = folded.length - MOST_LINES
  const shown = folded.slice(-MOST_LINES).join('\n')
  const codeName =
    explain === null ? html`<code>${code}</code>` : html`<a href="${explain(code)}"><code>${code}</code></a>`
  return html`<section class="lead c-${tier.status}" aria-label="What broke">
<h2><a href="#tier-${tier.id}">${tier.id}</a>: ${codeName}${service === undefined ? '' : html` in service ${service}`}</h2>
<p class="message">${inlineCode(message)}</p>
${shown === '' ? '' : html`<pre tabindex="0">${hidden > 0 ? `(${hidden} lines before)\n` : ''}${shown}</pre>`}
${answers([
  ['Whose move', html`${WHO_ACTS[blame]} <span class="dim">(blame: ${blame})</span>`],
  ['Since', since],
  ['What to do', html`${inlineCode(hint)}`],
  ['More', html`<code>cc-ci explain ${code}</code>`],
])}</section>`
}

function answers(rows: readonly (readonly [string, Markup | null])[]): Markup {
  const told = rows.filter((row): row is [string, Markup] => row[1] !== null)
  return told.length === 0
    ? html``
    : html`<dl class="answers">${told.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`
}
