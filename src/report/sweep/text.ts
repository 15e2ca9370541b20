import type { Matrix, MatrixCell } from '../../history/sweep/record.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { type Ink, inkFor, SIGNS } from '../text/colors.ts'
import { cut, oneLine } from '../text/plain-text.ts'
import {
  cellReason,
  changeWords,
  countWords,
  headlineOf,
  movedWords,
  newsOf,
  placeWords,
  reconciledWords,
  verdictWords,
} from './messages.ts'

export interface TextOptions {
  readonly color?: boolean
  /** Columns of the terminal. */
  readonly width?: number
}

/** What `cc-ci sweep` ends with on a terminal: the matrix a cell a line, then each difference with its evidence. */
export function sweepText(matrix: Matrix, { color = false, width = 120 }: TextOptions = {}): string {
  const ink = inkFor(color)
  const recipes = widest(
    matrix.cells.map(({ recipe }) => recipe),
    28,
  )
  const refs = widest(
    matrix.cells.map(({ ref }) => ref ?? 'release'),
    24,
  )
  const line = (cell: MatrixCell, index: number, all: readonly MatrixCell[]) => {
    const first = all[index - 1]?.recipe !== cell.recipe
    const left = `${pad(first ? cell.recipe : '', recipes)}  ${pad(cell.ref ?? 'release', refs)}  `
    const verdict = verdictWords(cell)
    const rest = [
      cell.durationMs === null ? '' : formatDuration(cell.durationMs),
      cellReason(cell),
      changeWords(cell.change),
    ].filter((text) => text !== '')
    const room = Math.max(20, width - left.length - 18)
    return `${left}${painted(cell, verdict.padEnd(16), ink)}  ${cut(rest.join('  '), room)}`
  }
  const news = newsOf(matrix)
  return [
    `${ink('bold', headlineOf(matrix))}  ${countWords(matrix)}`,
    '',
    ...matrix.cells.map(line),
    ...(news.length === 0 ? [] : ['', `what is another since the sweep before (${news.length})`]),
    ...news.flatMap(newsLines),
    '',
    ...matrix.notes.map(({ severity, message }) => `${severity === 'error' ? '!!' : '! '} ${oneLine(message)}`),
    reconciledWords(matrix),
    '',
  ].join('\n')
}

function newsLines(cell: MatrixCell): string[] {
  const { change, run } = cell
  if (!change) return []
  const { because, command, before } = change
  const runs = [...(before?.run ? [`before ${before.run}`] : []), ...(run && run !== before?.run ? [`now ${run}`] : [])]
  const moved = movedWords(change)
  return [
    `  ${placeWords(cell)}: ${changeWords(change)}${because === null ? '' : `, because ${because}`}`,
    ...(moved === '' ? [] : [`    ${cut(moved, 200)}`]),
    ...(runs.length === 0 ? [] : [`    evidence: ${runs.join(', ')}`]),
    ...(command === null ? [] : [`    to know more: ${command}`]),
  ]
}

function painted({ status }: MatrixCell, text: string, ink: Ink): string {
  return ink(SIGNS[status === 'not-run' ? 'skip' : status].style, text)
}

function widest(texts: readonly string[], most: number): number {
  return Math.min(most, Math.max(0, ...texts.map((text) => oneLine(text).length)))
}

function pad(text: string, width: number): string {
  return cut(oneLine(text), width).padEnd(width)
}
