import type { UpgradeRow, UpgradeTable } from '../../history/upgrades/table.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { htmlDocument } from '../html/document.ts'
import { html, id, type Markup, table } from '../html/markup.ts'
import { SIGNS } from '../text/colors.ts'
import { dataText, headText, sumText, timeText, wayText } from './messages.ts'

/** The table of upgrades as one file: see `htmlDocument`. `runs`: where the folders of runs lie, from where it is read. */
export function upgradeTableHtml(upgrades: UpgradeTable, { runs }: { readonly runs: string }): string {
  const { recipe, verdict, rows, considered, tool } = upgrades
  const took = rows.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const withRollback = rows.some(({ rollback }) => rollback !== null)
  return htmlDocument({
    title: `${verdict}: upgrades to ${headText(upgrades)}`,
    header: html`<header class="top"><h1>Upgrades to ${headText(upgrades)}</h1>
<p class="dim">Commit ${id(recipe.commit)}${recipe.dirty ? ' with uncommitted changes' : ''}, from ${upgrades.asked}. Began ${upgrades.startedAt.slice(0, 19).replace('T', ' ')} UTC.</p>
<div class="verdict s-${verdict}"><strong>${SIGNS[verdict].sign} ${verdict}</strong><span>${sumText(upgrades)}</span><span>${formatDuration(took)}</span></div></header>`,
    main: html`${upgradeRows(rows, { runs, withRollback })}
${rows.filter(({ cause }) => cause !== null).map((row) => why(row, runs))}
${considered.length === 0 ? '' : html`<section><h2>Why these releases</h2><ul>${considered.map((line) => html`<li>${line}</li>`)}</ul></section>`}`,
    footer: html`Made by cc-ci ${tool.version}. Every row comes from the results of its run.`,
  })
}

interface Columns {
  readonly runs: string
  readonly withRollback: boolean
}

function upgradeRows(rows: readonly UpgradeRow[], { runs, withRollback }: Columns): Markup {
  return table(
    'From every release to head',
    ['', 'From', 'Upgrade', ...(withRollback ? ['Rollback'] : []), 'Data of the release', 'Time', 'Run'],
    rows.map((row) => [
      badge(row.verdict),
      html`<strong class="nowrap">${wayText(row)}</strong>`,
      row.upgrade ?? '',
      ...(withRollback ? [row.rollback ?? ''] : []),
      dataText(row),
      html`<span class="nowrap">${timeText(row)}</span>`,
      row.run === null
        ? html`<span class="dim">not run</span>`
        : html`<span class="nowrap">${link(row.run, runs)}</span>`,
    ]),
  )
}

function why(row: UpgradeRow, runs: string): Markup {
  const { cause, verdict, tier, run } = row
  if (!cause) return html``
  return html`<section class="card c-${verdict}"><header>${badge(verdict)}<h3>${wayText(row)}</h3>${run === null ? '' : html`<span class="time">${link(run, runs)}</span>`}</header>
<p>${tier === null ? '' : `${tier}: `}<code>${cause.code}</code> (blame: ${cause.blame})${cause.service ? html` in <code>${cause.service}</code>` : ''}</p>
<p>${cause.message}</p><p class="dim">${cause.hint}</p>${cause.lines.length === 0 ? '' : html`<pre>${cause.lines.join('\n')}</pre>`}</section>`
}

function badge(verdict: UpgradeRow['verdict']): Markup {
  return html`<span class="badge s-${verdict}">${SIGNS[verdict].sign} ${verdict}</span>`
}

function link(run: string, runs: string): Markup {
  return html`<a href="${runs}/${run}/report.html">${run}</a>`
}
