import type { UpgradeRow, UpgradeTable } from '../../history/upgrades/table.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { htmlDocument } from '../html/document.ts'
import { html, id, inlineCode, type Markup, table } from '../html/markup.ts'
import { SIGNS } from '../text/colors.ts'
import { dataText, headText, sumText, timeText, wayText } from './messages.ts'

/** Where the report of a run lies, seen from the page; null: no page shows it. */
export type LinkTo = (run: string) => string | null

/** The table of upgrades as one file: see `htmlDocument`. `runs`: where the folders of runs lie, from where it is read. */
export function upgradeTableHtml(upgrades: UpgradeTable, { runs }: { readonly runs: string }): string {
  const linkTo = (run: string) => `${runs}/${run}/report.html`
  return htmlDocument({
    title: `${upgrades.verdict}: upgrades to ${headText(upgrades)}`,
    header: html`<header class="top"><h1>Upgrades to ${headText(upgrades)}</h1>
${upgradesHead(upgrades)}
${upgradesBand(upgrades)}</header>`,
    main: html`${upgradeRows(upgrades, linkTo)}
${upgradesWhy(upgrades, linkTo)}`,
    footer: html`Made by cc-ci ${upgrades.tool.version}. Every row comes from the results of its run.`,
  })
}

/** Which head, from what, and when. */
export function upgradesHead({ recipe, asked, startedAt }: UpgradeTable): Markup {
  return html`<p class="dim">Commit ${id(recipe.commit)}${recipe.dirty ? ' with uncommitted changes' : ''}, from ${asked}. Began ${startedAt.slice(0, 19).replace('T', ' ')} UTC.</p>`
}

/** The verdict over all rows, and how far it is where it has not ended. */
export function upgradesBand(upgrades: UpgradeTable): Markup {
  const { verdict, rows, finishedAt } = upgrades
  const took = rows.reduce((sum, { durationMs }) => sum + durationMs, 0)
  return html`<div class="verdict s-${verdict}"><strong>${SIGNS[verdict].sign} ${verdict}</strong><span>${sumText(upgrades)}</span><span>${formatDuration(took)}</span>${finishedAt === null ? html`<span>not at its end: under way, or killed</span>` : ''}</div>`
}

/** Why each row is no pass, and how the releases were chosen. */
export function upgradesWhy({ rows, considered }: UpgradeTable, linkTo: LinkTo): Markup {
  return html`${rows.filter(({ cause }) => cause !== null).map((row) => why(row, linkTo))}
${considered.length === 0 ? '' : html`<section aria-label="Why these releases"><h2>Why these releases</h2><ul>${considered.map((line) => html`<li>${line}</li>`)}</ul></section>`}`
}

/** A row a release: how the upgrade from it to head ended. Empty without rows. */
export function upgradeRows({ rows }: UpgradeTable, linkTo: LinkTo): Markup {
  const withRollback = rows.some(({ rollback }) => rollback !== null)
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
        : html`<span class="nowrap">${link(row.run, linkTo)}</span>`,
    ]),
  )
}

function why(row: UpgradeRow, linkTo: LinkTo): Markup {
  const { cause, verdict, tier, run } = row
  if (!cause) return html``
  return html`<section class="card c-${verdict}"><header class="head">${badge(verdict)}<h3>${wayText(row)}</h3>${run === null ? '' : html`<span class="time">${link(run, linkTo)}</span>`}</header>
<p>${tier === null ? '' : `${tier}: `}<code>${cause.code}</code> (blame: ${cause.blame})${cause.service ? html` in <code>${cause.service}</code>` : ''}</p>
<p>${inlineCode(cause.message)}</p><p class="dim">${inlineCode(cause.hint)}</p>${cause.lines.length === 0 ? '' : html`<pre>${cause.lines.join('\n')}</pre>`}</section>`
}

function badge(verdict: UpgradeRow['verdict']): Markup {
  return html`<span class="badge s-${verdict}">${SIGNS[verdict].sign} ${verdict}</span>`
}

function link(run: string, linkTo: LinkTo): Markup {
  const href = linkTo(run)
  return href === null ? html`${run}` : html`<a href="${href}">${run}</a>`
}
