import type { RunEvent } from '../../verdict/events.ts'
import { levelName } from '../../verdict/level.ts'
import type { Results } from '../../verdict/results.ts'
import { attempts } from './attempts.ts'
import { htmlDocument } from './document.ts'
import {
  accommodations,
  customization,
  findings,
  headline,
  images,
  machine,
  notLooked,
  section,
  warnings,
} from './facts.ts'
import { html, type Markup } from './markup.ts'
import { type Picture, screens } from './screens.ts'
import { tierCard } from './tier.ts'
import { timelineMarkup } from './timeline.ts'

const MAX_LOG_CHARACTERS = 200_000

export interface ReportParts {
  readonly events?: readonly RunEvent[]
  /** Already masked; of a longer one only the end is shown. */
  readonly logs?: readonly { readonly name: string; readonly text: string }[]
  readonly screenshots?: readonly Picture[]
  /** How often what passed on a second attempt only did so before, in words. */
  readonly chance?: readonly string[]
}

/** The report of a run as one file: see `htmlDocument`. */
export function htmlReport(results: Results, parts: ReportParts = {}): string {
  const { recipe, verdict, level, run, tool } = results
  const shown = results.tiers.filter(({ skipKind }) => skipKind !== 'not-selected')
  const left = results.tiers.filter(({ skipKind }) => skipKind === 'not-selected').map(({ id }) => id)
  return htmlDocument({
    title: `${verdict}, level ${level} (${levelName(level)}): ${recipe.name} ${recipe.version ?? ''}`,
    header: headline(results),
    main: html`${warnings(results, parts.chance ?? [])}
<section aria-label="Tiers"><h2>Tiers</h2>${shown.map((tier) => tierCard(tier))}
${left.length > 0 ? html`<p class="dim">Not selected for this run: ${left.join(', ')}.</p>` : ''}</section>
${attempts(results)}
${screens(results, parts.screenshots ?? [])}
${findings(results)}
${accommodations(results)}
${notLooked(results)}
${images(results)}
${customization(results)}
${section('Timeline', 1, timelineMarkup(results, parts.events ?? []))}
${logs(parts.logs ?? [])}
${machine(results)}`,
    footer: html`Made by cc-ci ${tool.version}. Everything here comes from the events of run ${run.id}.`,
  })
}

function logs(files: NonNullable<ReportParts['logs']>): Markup {
  const folds = files.map(({ name, text }) => {
    const cutOff = text.length > MAX_LOG_CHARACTERS
    const shown = cutOff ? text.slice(-MAX_LOG_CHARACTERS) : text
    const size = text === '' ? 'empty' : `${text.split('\n').length} lines${cutOff ? ', the end of them shown' : ''}`
    return html`<details><summary>${name} <span class="dim">${size}</span></summary><pre>${shown}</pre></details>`
  })
  return section('Logs', files.length, html`${folds}`)
}
