import type { Results } from '../../verdict/results.ts'
import { ansiLine } from './ansi.ts'
import { html, type Markup } from './markup.ts'

/** A longer line is cut: a browser takes seconds for one of megabytes. */
const MOST_LINE = 4_000

/** RFC 3339, as the engine writes it before each line that it is asked for with timestamps. */
const STAMP = /^(\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*Z) /

export interface LogLines {
  /** Unique on the page; ids of lines begin with it. */
  readonly id: string
  /** Of the first line, from 1. */
  readonly from: number
  readonly lines: readonly string[]
  /** Marked wherever it stands, in any case; empty: nothing. */
  readonly search?: string
  /** Where a link to a line leads; default: on this page. */
  readonly href?: (line: number) => string
}

/** Lines of a log, each with its number as a permanent link, its time of day, and its colours. */
export function logLines({ id, from, lines, search = '', href }: LogLines): Markup {
  const rows = lines.map((line, index) => {
    const number = from + index
    const anchor = `${id}-L${number}`
    return html`<li id="${anchor}"><a href="${href ? href(number) : `#${anchor}`}" aria-label="line ${number}">${number}</a>${content(line, search)}</li>`
  })
  return html`<div class="log wrap" tabindex="0" role="region" aria-label="Log"><ol>${rows}</ol></div>`
}

function content(line: string, search: string): Markup {
  const [stamp = '', whole = '', time = ''] = STAMP.exec(line) ?? []
  const rest = line.slice(stamp.length)
  const shown = rest.length > MOST_LINE ? rest.slice(0, MOST_LINE) : rest
  const cutOff =
    rest.length > MOST_LINE ? html` <span class="dim">(${rest.length - MOST_LINE} more characters)</span>` : ''
  const text = search === '' ? ansiLine(shown) : marked(shown, search)
  return html`<span class="t">${whole === '' ? '' : html`<time datetime="${whole}" title="${whole}">${time.padEnd(12, ' ')}</time> `}${text}${cutOff}</span>`
}

/** Colours are left out where something is searched for: they would cut it in pieces. */
function marked(text: string, search: string): Markup {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
  const bare = text.replace(/\u001b\[[0-9;]*m/g, '')
  const parts = bare.split(new RegExp(`(${escaped(search)})`, 'gi'))
  return html`${parts.map((part, index) => (index % 2 === 1 ? html`<mark>${part}</mark>` : part))}`
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Places of logs in the order in which their containers were started; those of which the results know no container come last. */
export function logOrder({ containers = [] }: Pick<Results, 'containers'>): (a: string, b: string) => number {
  const place = (path: string) => {
    const index = containers.findIndex(({ task }) => path.includes(task))
    return index === -1 ? containers.length : index
  }
  return (a, b) => place(a) - place(b)
}

/** `app, 2nd start, exit 3` for the log of a container that the results know; the file's own name for another. */
export function logName(path: string, { containers = [] }: Pick<Results, 'containers'>): string {
  const name = path.replace(/^logs\//, '')
  const found = containers.find(({ service, task }) => name.endsWith(`${service}.${task}.log`))
  if (!found) return name
  const starts = containers.filter(({ service }) => service === found.service)
  const attempt = /^attempt-(\d+)\//.exec(name)?.[1]
  const end = found.oomKilled
    ? 'killed for memory'
    : found.exitCode === null
      ? 'ran at the end'
      : `exit ${found.exitCode}`
  return `${found.service}, ${ordinal(starts.indexOf(found) + 1)} start, ${end}${attempt === undefined ? '' : ` (attempt ${attempt})`}`
}

function ordinal(place: number): string {
  const teen = place % 100 >= 11 && place % 100 <= 13
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th')
  return `${place}${ending}`
}
