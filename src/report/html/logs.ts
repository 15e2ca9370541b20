import type { Results } from '../../verdict/results.ts'
import { section } from './facts.ts'
import { logLines, logName } from './log.ts'
import { html, type Markup } from './markup.ts'

/** Lines and characters of one log, and characters of all together, that stand in a report. */
const MOST_LINES = 2_000
const MOST_CHARACTERS = 150_000
const MOST_ALTOGETHER = 600_000

export interface ReportLog {
  /** Below `logs/` of the run folder. */
  readonly name: string
  /** Already masked; of a longer one only the end is shown. */
  readonly text: string
}

/** All logs of a run, each behind a fold, in the order in which their containers were started. */
export function logs(files: readonly ReportLog[], results: Pick<Results, 'containers'>): Markup {
  let room = MOST_ALTOGETHER
  const folds = inOrder(files, results).map(({ name, text }, index) => {
    const { lines, from, count } = theEnd(text, Math.min(room, MOST_CHARACTERS))
    room = Math.max(0, room - lines.join('\n').length)
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

function inOrder(files: readonly ReportLog[], { containers = [] }: Pick<Results, 'containers'>): readonly ReportLog[] {
  const rank = ({ name }: ReportLog) => {
    const index = containers.findIndex(({ task }) => name.includes(task))
    return index === -1 ? containers.length : index
  }
  return [...files].sort((a, b) => rank(a) - rank(b))
}

/** `from`: number of the first line that is given. */
function theEnd(text: string, most: number): { lines: readonly string[]; from: number; count: number } {
  const all = text.replace(/\n$/, '').split('\n')
  let size = 0
  let at = all.length
  while (at > 0 && all.length - at < MOST_LINES) {
    size += Math.min(all[at - 1]?.length ?? 0, 5_000) + 1
    if (size > most) break
    at--
  }
  return { lines: all.slice(at), from: at + 1, count: all.length }
}
