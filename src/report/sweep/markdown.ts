import type { Matrix, MatrixCell } from '../../history/sweep/record.ts'
import { markdownText } from '../run/markdown.ts'
import { oneLine } from '../text/plain-text.ts'
import {
  cellReason,
  changeWords,
  countWords,
  headlineOf,
  movedWords,
  newsOf,
  placeWords,
  reconciledWords,
  rowsOf,
  verdictWords,
} from './messages.ts'

/** The matrix for a wiki or an issue. Same matrix, same bytes. */
export function sweepMarkdown(matrix: Matrix): string {
  const news = newsOf(matrix)
  return [
    `# Sweep ${matrix.id}: ${headlineOf(matrix)}`,
    '',
    `${countWords(matrix)}. Begun ${matrix.startedAt.slice(0, 16).replace('T', ' ')} UTC by cc-ci ${matrix.tool.version}${matrix.tool.commit ? ` (${matrix.tool.commit.slice(0, 10)})` : ''}.`,
    '',
    '| recipe | newest release | heads |',
    '| --- | --- | --- |',
    ...rowsOf(matrix.cells).map(
      ({ recipe, release, heads }) =>
        `| ${markdownText(recipe)} | ${release ? cell(release) : ''} | ${heads.map(cell).join('<br>')} |`,
    ),
    '',
    ...(news.length === 0 ? [] : ['## Since the sweep before', '', ...news.map(newsLine), '']),
    ...matrix.notes.map(({ severity, message }) => `> **${severity}** ${markdownText(message)}\n`),
    `${markdownText(reconciledWords(matrix))}.`,
    '',
  ].join('\n')
}

function cell(one: MatrixCell): string {
  const why = cellReason(one)
  const change = changeWords(one.change)
  return [
    `${one.ref === null ? '' : `${markdownText(one.ref)} `}**${verdictWords(one)}**`,
    ...(why === '' ? [] : [markdownText(why)]),
    ...(change === '' ? [] : [`_${markdownText(change)}_`]),
  ].join(', ')
}

function newsLine(cell: MatrixCell): string {
  const { change, run } = cell
  if (!change) return ''
  const runs = [change.before?.run, run].filter((one) => one != null)
  const moved = movedWords(change)
  return `- **${markdownText(placeWords(cell))}**: ${markdownText(changeWords(change))}${change.because === null ? '' : `, because ${change.because}`}${moved === '' ? '' : `: ${markdownText(moved)}`}${runs.length === 0 ? '' : `; runs ${[...new Set(runs)].join(', ')}`}${change.command === null ? '' : `; \`${code(change.command)}\``}`
}

function code(words: string): string {
  return oneLine(words).replaceAll('`', "'").replaceAll('|', '\\|')
}
