import type { Since } from '../../history/since.ts'
import type { RunEvent } from '../../verdict/events.ts'
import { levelName } from '../../verdict/level.ts'
import type { Results } from '../../verdict/results.ts'
import { attempts } from './attempts.ts'
import { htmlDocument } from './document.ts'
import {
  accommodations,
  customization,
  findings,
  images,
  machine,
  notLooked,
  runFacts,
  section,
  subject,
  verdictBand,
  warnings,
} from './facts.ts'
import { lead } from './lead.ts'
import { logs, type ReportLog } from './logs.ts'
import { html, type Markup } from './markup.ts'
import { type Picture, screens } from './screens.ts'
import { sinceMarkup } from './since.ts'
import { tierStrip } from './strip.ts'
import { tierCard } from './tier.ts'
import { timelineMarkup } from './timeline.ts'

export interface ReportParts {
  readonly events?: readonly RunEvent[]
  readonly logs?: readonly ReportLog[]
  readonly screenshots?: readonly Picture[]
  /** How often what passed on a second attempt only did so before, in words. */
  readonly chance?: readonly string[]
  /** Since when it is like this, as far as earlier runs are known; null or missing: nothing is. */
  readonly since?: Since | null
}

/** The report of a run as one file: see `htmlDocument`. The page of a run on a server has the same parts. */
export function htmlReport(results: Results, parts: ReportParts = {}): string {
  const { recipe, verdict, level, run, tool } = results
  const { since = null } = parts
  return htmlDocument({
    title: `${verdict}, level ${level} (${levelName(level)}): ${recipe.name} ${recipe.version ?? ''}`,
    header: html`<header class="top">${subject(results)}${verdictBand(results)}</header>`,
    main: html`${lead(results, { since: since && sinceMarkup(since, run.id, () => null), explain: null })}
${tierStrip(results, null)}
${warnings(results, parts.chance ?? [])}
<section aria-label="Tiers"><h2>Tiers</h2>${tierCards(results)}</section>
${attempts(results)}
${screens(results, parts.screenshots ?? [])}
${logs(parts.logs ?? [], results)}
${findings(results)}
${accommodations(results)}
${notLooked(results)}
${images(results)}
${customization(results)}
${section('Timeline', 1, timelineMarkup(results, parts.events ?? []))}
${machine(results)}
${runFacts(results)}`,
    footer: html`Made by cc-ci ${tool.version}. Everything here comes from the events of run ${run.id}.`,
  })
}

/** Those that were selected. */
function tierCards({ tiers }: Results): Markup {
  return html`${tiers.filter(({ skipKind }) => skipKind !== 'not-selected').map((tier) => tierCard(tier))}`
}
