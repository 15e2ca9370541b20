import { writeFileSync } from 'node:fs'
import type { Matrix, SweepFolder } from '../../history/sweep/record.ts'
import { sweepMarkdown } from './markdown.ts'
import { sweepReportPage } from './page.ts'

/** Writes the views of a matrix beside it; they may be made again at any time. */
export function publishSweep({ report, markdown }: SweepFolder, matrix: Matrix): void {
  writeFileSync(report, sweepReportPage(matrix), { mode: 0o644 })
  writeFileSync(markdown, sweepMarkdown(matrix), { mode: 0o644 })
}
