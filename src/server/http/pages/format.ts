import { html } from 'hono/html'
import { levelName } from '../../../verdict/level.ts'
import type { RunRow } from '../../contract/store.ts'
import type { Html } from './layout.ts'

/** Why a run ended so, beside its badge: what that says already is not said again. */
export function outcomeReason({ outcome }: Pick<RunRow, 'outcome'>): string {
  if (!outcome) return ''
  if (outcome.cause) return `${outcome.tier}: ${outcome.cause}`
  if (outcome.verdict === 'pass' && outcome.level)
    return `up to ${levelName(outcome.level)}${outcome.flaky ? `; ${outcome.flaky}` : ''}`
  return outcome.message
}

/** What stands between backticks as code. */
export function inline(text: string): Html {
  const parts = text.split('`')
  const balanced = parts.length % 2 === 1
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : balanced ? html`<code>${part}</code>` : `\`${part}`))}`
}
