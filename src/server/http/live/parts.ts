import { lead } from '../../../report/html/lead.ts'
import { html, type Markup } from '../../../report/html/markup.ts'
import { nowMarkup } from '../../../report/html/now.ts'
import { tierStrip } from '../../../report/html/strip.ts'
import { type FileLink, tierCard } from '../../../report/html/tier.ts'
import type { Progress } from '../../../verdict/progress.ts'
import type { Results } from '../../../verdict/results.ts'

/** The parts of a run's page that change while it runs, by the id of their element. */
export interface LiveParts {
  readonly 'live-lead': Markup
  readonly 'live-now': Markup
  readonly 'live-strip': Markup
  readonly 'live-tiers': Markup
}

/** As they are after the events that `results` and `progress` are made of: pure, so that the page and what is sent to it later are the same. */
export function liveParts(results: Results, progress: Progress, link: FileLink): LiveParts {
  const over = results.tiers.filter(({ id, skipKind }) => progress.over.has(id) && skipKind !== 'not-selected')
  const failed = over.some(({ status }) => status === 'fail')
  return {
    'live-lead': failed
      ? lead({ ...results, tiers: over, verdict: 'fail' }, { since: null, explain: causePath })
      : html``,
    'live-now': nowMarkup(progress),
    'live-strip': tierStrip(results, progress),
    'live-tiers': html`${over.map((tier) => tierCard(tier, { link }))}`,
  }
}

/** Where the server explains a cause. */
export function causePath(code: string): string {
  return `/causes/${encodeURIComponent(code)}`
}
