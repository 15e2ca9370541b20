import type { Results } from '../../verdict/results.ts'
import { section } from './facts.ts'
import { logLines, logName, logOrder } from './log.ts'
import { html, type Markup } from './markup.ts'

/** Lines of one log, and characters of one and of all together as they stand in a report, markup of the lines included. */
const MOST_LINES = 2_000
const MOST_CHARACTERS = 300_000
const MOST_ALTOGETHER = 700_000
/** What number, link and time add to a line. */
const MARKUP_OF_LINE = 220
/** As `logLines` cuts them. */
const MOST_OF_LINE = 4_000

export interface ReportLog {
  /** Below `logs/` of the run folder. */
  readonly name: string
  /** Already masked; of a longer one only the end is shown. */
  readonly text: string
}

/** All logs of a run, each behind a fold, in the order in which their containers were started. */
export function logs(files: readonly ReportLog[], results: Pick<Results, 'containers'>): Markup {
  let room = MOST_ALTOGETHER
  const order = logOrder(results)
  const sorted = [...files].sort((a, b) => order(a.name, b.name))
  const folds = sorted.map(({ name, text }, index) => {
    const { lines, from, count, size: taken } = theEnd(text, Math.min(room, MOST_CHARACTERS))
    room -= taken
    const part = from > 1 ? `, from line ${from}` : ''
    const size = text === '' ? 'empty' : `${count} ${count === 1 ? 'line' : 'lines'}${part}`
    const body =
      text === ''
        ? html``
        : lines.length === 0
          ? html`<p class="dim">Left out to keep this page small: <code>logs/${name}</code></p>`
          : logLines({ id: `log-${index + 1}`, from, lines })
    return html`<details><summary>${logName(name, results)} <span class="dim">${size}</span></summary>${body}</details>`
  })
  return section('Logs', files.length, html`${folds}`)
}

/** `from`: number of the first line that is given; `size`: what all of them take. */
function theEnd(text: string, most: number): { lines: readonly string[]; from: number; count: number; size: number } {
  const all = text.replace(/\n$/, '').split('\n')
  let size = 0
  let at = all.length
  while (at > 0 && all.length - at < MOST_LINES) {
    const more = Math.min(all[at - 1]?.length ?? 0, MOST_OF_LINE) + MARKUP_OF_LINE
    if (size + more > most) break
    size += more
    at--
  }
  return { lines: all.slice(at), from: at + 1, count: all.length, size }
}
