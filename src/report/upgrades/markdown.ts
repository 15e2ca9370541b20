import type { UpgradeRow, UpgradeTable } from '../../history/upgrades/table.ts'
import { markdownText } from '../run/markdown.ts'
import { SIGNS } from '../text/colors.ts'
import { cut, oneLine } from '../text/plain-text.ts'
import { dataText, headText, reasonText, sumText, timeText, wayText } from './messages.ts'

/** The same as Markdown. Whatever a recipe says stays text. `runs`: where the folders of runs lie, from where this is read. */
export function upgradeTableMarkdown(table: UpgradeTable, { runs }: { readonly runs: string }): string {
  const { recipe, verdict, rows } = table
  const withRollback = rows.some(({ rollback }) => rollback !== null)
  const titles = ['', 'from', 'upgrade', ...(withRollback ? ['rollback'] : []), 'data', 'time', 'why', 'run']
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const row = (one: UpgradeRow) => [
    SIGNS[one.verdict].sign,
    markdownText(wayText(one)),
    one.upgrade ?? '',
    ...(withRollback ? [one.rollback ?? ''] : []),
    markdownText(dataText(one)),
    timeText(one),
    markdownText(cut(oneLine(reasonText(one)), 300)),
    one.run === null ? 'not run' : `[${one.run}](${runs}/${one.run}/report.html)`,
  ]
  return [
    `### ${SIGNS[verdict].sign} ${verdict}: ${markdownText(sumText(table))}`,
    '',
    `**${markdownText(headText(table))}** at ${recipe.commit.slice(0, 10)}${recipe.dirty ? ' with uncommitted changes' : ''}, from ${markdownText(table.asked)}`,
    '',
    ...(rows.length > 0 ? [line(titles), line(titles.map(() => '---')), ...rows.map((one) => line(row(one))), ''] : []),
  ].join('\n')
}
