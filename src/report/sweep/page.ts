import type { Matrix } from '../../history/sweep/record.ts'
import { htmlDocument } from '../html/document.ts'
import { html } from '../html/markup.ts'
import { MATRIX_STYLE, matrixMarkup } from './matrix-markup.ts'
import { headlineOf } from './messages.ts'

/** The matrix as one file that needs nothing else. Beside `runs/` its links lead to the reports. Same matrix, same bytes. */
export function sweepReportPage(matrix: Matrix): string {
  return htmlDocument({
    title: `${headlineOf(matrix)}: sweep ${matrix.id}`,
    header: html`<header class="top"><h1>Sweep ${matrix.id}</h1></header>`,
    main: matrixMarkup(matrix, (run) => `../../runs/${run}/report.html`),
    footer: html`Made by cc-ci ${matrix.tool.version} from the results of its runs.`,
    style: MATRIX_STYLE,
  })
}
