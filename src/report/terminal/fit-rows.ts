import { cut, displayWidth, wrap } from '../text/plain-text.ts'

export interface FitOptions {
  /** Spaces before each row. */
  readonly indent: number
  /** More spaces before each row after the first. Default 0. */
  readonly hang?: number
  /** Columns of the terminal; undefined: it is none, and the text stays in one row. */
  readonly width: number | undefined
  /** Columns at most, in all rows together; the last row is cut. Default: as many as it takes. */
  readonly most?: number
}

/** One line of text as rows that fit a terminal; none of an empty text. */
export function fitRows(
  text: string,
  { indent, hang = 0, width, most = Number.POSITIVE_INFINITY }: FitOptions,
): string[] {
  if (text === '') return []
  const before = ' '.repeat(indent)
  if (width === undefined || displayWidth(text) <= width - indent) return [`${before}${text}`]
  const room = width - indent - hang
  const rows = wrap(text, room)
  const shown = rows.slice(0, Math.max(1, Math.ceil(most / room)))
  if (rows.length > shown.length) shown[shown.length - 1] = cut(`${shown.at(-1)} …`, room)
  return shown.map((row, at) => `${before}${at === 0 ? '' : ' '.repeat(hang)}${row}`)
}
