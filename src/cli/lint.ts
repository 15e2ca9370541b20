import { EXIT } from '../lib/errors.ts'
import { readForLint } from '../lifecycle/planning/lint-input.ts'
import { lint } from '../recipe/lint/lint.ts'
import { CAN_BE_READ } from '../recipe/lint/own.ts'
import type { RecipeOptions } from './program/options.ts'
import { withHead } from './support/with-plan.ts'

export interface LintOptions extends RecipeOptions {
  /** Nothing of rules that are kept or do not apply. */
  readonly quiet?: boolean
}

/** `cc-ci lint`: every rule with its subject; exit 1 when an error-level rule is broken, 2 when the recipe cannot be read. */
export function lintCommand(recipe: string, options: LintOptions): Promise<number> {
  return withHead(recipe, { ...options, base: 'none' }, async (head, request, planning) => {
    const rows = await planning(async () => lint(await readForLint(head, request)))
    if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    else process.stdout.write(lintText(rows, options.quiet === true))
    const broken = rows.filter(({ ok, severity }) => !ok && severity === 'error')
    if (broken.some(({ id }) => id === CAN_BE_READ)) return EXIT.usage
    return broken.length > 0 ? EXIT.fail : EXIT.pass
  })
}

type Row = Awaited<ReturnType<typeof lint>>[number]

function lintText(rows: readonly Row[], quiet: boolean): string {
  const shown = quiet ? rows.filter(({ ok, skipped }) => !ok && !skipped) : rows
  const lines = shown.map(line)
  return [...lines, ...(quiet ? [] : ['', totals(rows)])].map((text) => `${text}\n`).join('')
}

function line({ id, severity, ok, skipped, rule, subject, message, hint, where }: Row): string {
  const mark = skipped ? 'skip' : ok ? 'ok' : severity
  const head = `${mark.padEnd(8)}${id.padEnd(6)}${rule} [${subject}]`
  if (skipped) return `${head}: ${message}`
  return ok ? head : `${head}\n        ${where ? `${where}: ` : ''}${message}\n        ${hint}`
}

/** `31 kept, 1 error, 2 warnings, 1 skipped`. */
function totals(rows: readonly Row[]): string {
  const counts = Map.groupBy(rows, ({ ok, skipped, severity }) => (skipped ? 'skipped' : ok ? 'kept' : severity))
  const words = { kept: 'kept', error: 'errors', warning: 'warnings', skipped: 'skipped' }
  return Object.entries(words)
    .flatMap(([what, many]) => {
      const amount = counts.get(what as 'kept')?.length ?? 0
      return amount === 0 ? [] : [`${amount} ${amount === 1 ? what : many}`]
    })
    .join(', ')
}
