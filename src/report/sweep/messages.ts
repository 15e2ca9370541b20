import { REASONS } from '../../history/sweep/contract.ts'
import type { CellChange, Matrix, MatrixCell } from '../../history/sweep/record.ts'
import { type SweepVerdict, sweepVerdictOf } from '../../history/sweep/verdict.ts'
import { SIGNS } from '../text/colors.ts'
import { oneLine } from '../text/plain-text.ts'

/** What the views of a matrix have in common; text of strangers is made plain here. */

export const HEADLINES: Readonly<Record<SweepVerdict, string>> = {
  fail: 'red: at least one recipe fails',
  worse: 'red: something is worse than in the sweep before',
  unverified: 'not all could be judged',
  nothing: 'nothing was judged',
  pass: 'green',
}

export function headlineOf(matrix: Matrix): string {
  return HEADLINES[sweepVerdictOf(matrix)]
}

/** `✓ pass 4`, `– excluded`. */
export function verdictWords({ status, level, reason }: MatrixCell): string {
  const sign = SIGNS[status === 'not-run' ? 'skip' : status].sign
  if (status === 'not-run') return `${sign} ${reason ? REASONS[reason.code].words : 'not run'}`
  return `${sign} ${status}${level === null ? '' : ` ${level}`}`
}

/** Why it is not green, or why it was not run: the tier and cause that decide, else the reason. */
export function cellReason({ tiers, reason, trouble, status }: MatrixCell): string {
  const bad = tiers.filter((tier) => tier.status === 'fail' || tier.status === 'unverified')
  const tierTexts = bad.map(
    ({ id, cause }) => `${id}${cause ? ` ${cause.code}${cause.service ? ` (${cause.service})` : ''}` : ''}`,
  )
  const words = [
    ...tierTexts,
    ...(trouble === null ? [] : [oneLine(trouble)]),
    ...(reason && (status === 'not-run' || tierTexts.length === 0) ? [reasonWords(reason)] : []),
  ]
  return words.join('; ')
}

function reasonWords({ code, text }: NonNullable<MatrixCell['reason']>): string {
  const { words } = REASONS[code]
  return `${words}: ${oneLine(text)}`
}

/** `regression in upgrade (recipe)`; empty where nothing is another. */
export function changeWords(change: CellChange | null): string {
  if (!change || change.word === 'same') return ''
  const worst = change.tiers.filter(({ word }) => word === change.word).map(({ id }) => id)
  const where = worst.length > 0 ? ` in ${worst.join(', ')}` : ''
  return `${change.word}${where}${change.owner === null ? '' : ` (${change.owner})`}`
}

/** Cells with a difference that somebody owns; what only came or went is listed last. */
export function newsOf({ cells, disappeared }: Matrix): MatrixCell[] {
  const news = [...cells, ...disappeared].filter(({ change }) => change?.owner != null)
  const isListed = ({ change }: MatrixCell) =>
    change?.word === 'appeared' || (change?.word === 'disappeared' && change.tiers.length === 0)
  return [...news.filter((cell) => !isListed(cell)), ...news.filter(isListed)]
}

/** `gitea main`, `gitea release`. */
export function placeWords({ recipe, head }: MatrixCell): string {
  return oneLine(`${recipe} ${head ?? 'release'}`)
}

/** `commit 1111 -> 2222; engine 20.10 -> 29.5`. */
export function movedWords({ moved }: CellChange): string {
  return moved
    .slice(0, 6)
    .map(({ dimension, key, before, after }) => {
      const [from, to] = [before, after].map((side) => oneLine(side ?? 'not recorded'))
      return `${dimension === 'tool' ? 'cc-ci ' : ''}${key} ${from} -> ${to}`
    })
    .join('; ')
}

/** The columns of a matrix: the release, then each head by place, the default branch first where recipes have one. */
export interface MatrixRow {
  readonly recipe: string
  readonly release: MatrixCell | null
  readonly heads: readonly MatrixCell[]
}

/** One row for each recipe, in the order of their names. */
export function rowsOf(cells: readonly MatrixCell[]): MatrixRow[] {
  const names = [...new Set(cells.map(({ recipe }) => recipe))].sort()
  const byName = new Map<string, MatrixCell[]>(names.map((name) => [name, []]))
  for (const cell of cells) byName.get(cell.recipe)?.push(cell)
  return names.map((recipe) => {
    const mine = byName.get(recipe) ?? []
    return {
      recipe,
      release: mine.find(({ head }) => head === null) ?? null,
      heads: mine.filter(({ head }) => head !== null),
    }
  })
}

/** `12 recipes, 30 cells: 25 pass, 2 fail, 1 unverified, 2 not run`. */
export function countWords({ counts }: Matrix): string {
  const { recipes, cells, pass, fail, unverified, notRun } = counts
  return `${recipes} recipe${recipes === 1 ? '' : 's'}, ${cells} cell${cells === 1 ? '' : 's'}: ${pass} pass, ${fail} fail, ${unverified} unverified, ${notRun} not run`
}

/** `30 cells = 29 before + 2 appeared - 1 disappeared`. */
export function reconciledWords({ reconciled, previous }: Matrix): string {
  if (!reconciled || !previous) return 'no earlier sweep to compare with'
  const { now, before, appeared, disappeared } = reconciled
  return `since sweep ${previous.id}: ${now} cells = ${before} before + ${appeared} appeared - ${disappeared} disappeared`
}
