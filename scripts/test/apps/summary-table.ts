import { COLUMNS, type LifeFacts } from './life-facts.ts'

/** The lives as a terminal shows them: level, seconds of each tier, MB, and what of the data was proven. */
export function summaryTable(lives: readonly LifeFacts[]): string[] {
  const rows = [
    ['app', 'level', 'seconds', ...COLUMNS, 'MB'],
    ...lives.map((life) => [
      life.recipe,
      String(life.level),
      life.seconds.toFixed(0),
      ...COLUMNS.map((tier) => seconds(life.tiers[tier])),
      life.imageMegabytes.toFixed(0),
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join('  '),
  )
  return lines.flatMap((line, index) => {
    const data = lives[index - 1]?.data ?? []
    return [line, ...data.map(({ subject, seen }) => `  ${subject}: ${seen}`)]
  })
}

/** Null or missing: the tier was skipped. */
export function seconds(value: number | null | undefined): string {
  return typeof value === 'number' ? value.toFixed(1) : '–'
}
