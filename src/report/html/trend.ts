import type { Verdict } from '../../verdict/results.ts'
import { html, type Markup } from './markup.ts'

/** One run in a trend. `level`: 0 to 6; a run without a verdict has none. */
export interface TrendPoint {
  readonly verdict: Verdict | null
  readonly level: number | null
}

const STEP = 5
const HEIGHT = 21

/** The last runs, oldest first, as bars: as high as the level, with the colour of the verdict. `label` says the same in words. */
export function trend(points: readonly TrendPoint[], most: number): Markup {
  if (points.length === 0) return html``
  const shown = points.slice(-most)
  const paths = (['pass', 'fail', 'unverified', 'skip'] as const).map((look) => {
    const bars = shown.flatMap(({ verdict, level }, index) => {
      if ((verdict ?? 'skip') !== look) return []
      const height = 3 + 3 * (level ?? 0)
      return [`M${(most - shown.length + index) * STEP} ${HEIGHT - height}h4v${height}h-4z`]
    })
    return bars.length === 0 ? '' : html`<path class="f-${look}" d="${bars.join('')}"/>`
  })
  const passed = shown.filter(({ verdict }) => verdict === 'pass').length
  return html`<svg class="trend" viewBox="0 0 ${most * STEP} ${HEIGHT}" role="img" aria-label="${passed} of the last ${shown.length} runs passed">${paths}</svg>`
}
