import { html, type Markup } from './markup.ts'

export interface ChartBar {
  /** Null: nothing is known; the place stays empty. */
  readonly value: number | null
  readonly look: 'pass' | 'fail' | 'unverified' | 'skip'
  /** What a reader is told who points at it. */
  readonly title: string
  readonly href: string
}

const WIDTH = 1000
const HEIGHT = 180
const FOOT = 4

/** Bars over time, oldest first, each a link; the largest value is written at the top. Plain SVG: it needs no script, and scales with its place. */
export function barChart(caption: string, bars: readonly ChartBar[], format: (value: number) => string): Markup {
  const known = bars.flatMap(({ value }) => (value === null ? [] : [value]))
  if (known.length === 0) return html``
  const most = Math.max(...known, Number.MIN_VALUE)
  const step = WIDTH / Math.max(bars.length, 20)
  const drawn = bars.map(({ value, look, title, href }, index) => {
    if (value === null) return ''
    const height = Math.max(2, (value / most) * (HEIGHT - FOOT))
    return html`<a href="${href}" aria-label="${title}"><rect class="f-${look}" x="${(index * step).toFixed(1)}" y="${(HEIGHT - height).toFixed(1)}" width="${Math.max(1, step - 2).toFixed(1)}" height="${height.toFixed(1)}"><title>${title}</title></rect></a>`
  })
  return html`<figure class="chart"><figcaption>${caption} <span class="dim">up to ${format(most)}</span></figcaption><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="group" aria-label="${caption}">${drawn}</svg></figure>`
}
