import type { UpgradeRow, UpgradeTable } from '../../history/upgrades/table.ts'
import { type Ink, inkFor, SIGNS } from '../text/colors.ts'
import { cut, oneLine } from '../text/plain-text.ts'
import { dataText, headText, reasonText, sumText, timeText, wayText } from './messages.ts'

/** All columns that a row of a terminal has. */
const MOST_WHY = 300

/** The table of upgrades for a terminal: a row a release, and why below each that is no pass. */
export function upgradeTableText(table: UpgradeTable, { color = false }: { readonly color?: boolean } = {}): string {
  const ink = inkFor(color)
  const { recipe, verdict, rows } = table
  const { sign, style } = SIGNS[verdict]
  const columns = [wayText, ({ upgrade }: UpgradeRow) => upgrade ?? '', rollbackText, dataText, timeText, runText]
  const titles = ['from', 'upgrade', rows.some((row) => row.rollback !== null) ? 'rollback' : '', 'data', 'time', 'run']
  const cells = rows.map((row) => columns.map((column) => oneLine(column(row))))
  const widths = titles.map((title, at) => Math.max(title.length, ...cells.map((row) => (row[at] ?? '').length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .filter((_, at) => (widths[at] ?? 0) > 0)
      .join('  ')
      .trimEnd()
  return [
    `${ink(['bold', style], `${sign} ${verdict.toUpperCase()}`)}  ${sumText(table)}`,
    `  ${oneLine(headText(table))}  ${recipe.commit.slice(0, 10)}${recipe.dirty ? ' + uncommitted changes' : ''}, from ${oneLine(table.asked)}`,
    ...(rows.length > 0 ? ['', `    ${ink('dim', line(titles))}`] : []),
    ...rows.flatMap((row, at) => rowText(row, line(cells[at] ?? []), ink)),
    '',
  ].join('\n')
}

function rowText(row: UpgradeRow, line: string, ink: Ink): string[] {
  const { sign, style } = SIGNS[row.verdict]
  const why = reasonText(row)
  return [`  ${ink(style, sign)} ${line}`, ...(why === '' ? [] : [`      ${cut(oneLine(why), MOST_WHY)}`])]
}

function rollbackText({ rollback }: UpgradeRow): string {
  return rollback ?? ''
}

function runText({ run }: UpgradeRow): string {
  return run ?? 'not run'
}
