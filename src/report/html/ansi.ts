import { html, type Markup } from './markup.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
const SGR = /\u001b\[([0-9;]*)m/g
/** Bold, dim, underlined and the 16 colours; the style sheet has a class for each. Whatever else a program says of its looks is left out. */
const KNOWN = new Set([1, 2, 4, ...range(30, 37), ...range(90, 97)])
/** A line with more changes of its looks than this is shown without them. */
const MOST_CHANGES = 500

/** A line of a log with its colours (`ESC [ ... m`, ECMA-48) as classes. All other escape sequences are taken out. */
export function ansiLine(line: string): Markup {
  const parts = line.split(SGR)
  if (parts.length === 1 || parts.length > 2 * MOST_CHANGES) return html`${line.replace(SGR, '')}`
  let active = new Set<number>()
  return html`${parts.map((part, index) => {
    if (index % 2 === 1) {
      active = changed(active, part)
      return ''
    }
    if (part === '') return ''
    return active.size === 0
      ? part
      : html`<span class="${[...active].map((code) => `a${code}`).join(' ')}">${part}</span>`
  })}`
}

function changed(active: ReadonlySet<number>, codes: string): Set<number> {
  let next = new Set(active)
  const list = codes.split(';').map(Number)
  for (let at = 0; at < list.length; at++) {
    const code = list[at] ?? 0
    // A colour of 256 or of 16 million: its arguments are no codes.
    if (code === 38 || code === 48) at += list[at + 1] === 5 ? 2 : 4
    next = new Set([...next].filter((one) => !replaces(code, one)))
    if (KNOWN.has(code)) next.add(code)
  }
  return next
}

/** Whether `code` takes back what an earlier one had set. */
function replaces(code: number, earlier: number): boolean {
  if (code === 0) return true
  if (code === 22) return earlier === 1 || earlier === 2
  if (code === 24) return earlier === 4
  return (code === 39 || isColor(code)) && isColor(earlier)
}

function isColor(code: number): boolean {
  return (code >= 30 && code <= 37) || (code >= 90 && code <= 97)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
