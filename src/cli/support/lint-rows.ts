import { readForLint } from '../../lifecycle/planning/lint-input.ts'
import { type LintRow, lint } from '../../recipe/lint/lint.ts'
import { CAN_BE_READ } from '../../recipe/lint/own.ts'
import type { RecipeOptions } from '../program/options.ts'
import { withHead } from './with-plan.ts'

/** Every rule applied to one recipe, compared with its last release. */
export function lintRows(recipe: string, options: RecipeOptions): Promise<LintRow[]> {
  return withHead(recipe, { ...options, base: 'none' }, (head, request, planning) =>
    planning(async () => lint(await readForLint(head, request))),
  )
}

export function brokenRows(rows: readonly LintRow[]): LintRow[] {
  return rows.filter(({ ok, skipped }) => !ok && !skipped)
}

/** An operator's client would refuse the recipe, whatever else is wrong with it. */
export function isUnreadable(rows: readonly LintRow[]): boolean {
  return brokenRows(rows).some(({ id }) => id === CAN_BE_READ)
}
