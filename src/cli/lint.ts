import { EXIT, UsageError } from '../lib/errors.ts'
import type { LintRow } from '../recipe/lint/lint.ts'
import { lintFolder } from './lint-folder.ts'
import type { RecipeOptions } from './program/options.ts'
import { brokenRows, isUnreadable, lintRows } from './support/lint-rows.ts'

export interface LintOptions extends RecipeOptions {
  /** A folder of recipes, each of which is looked at. */
  readonly all?: string
  /** Nothing of rules that are kept or do not apply. */
  readonly quiet?: boolean
}

/**
 * `cc-ci lint`: every rule with its subject; exit 1 when an error-level rule is broken, 2 when the recipe cannot be read.
 * Throws UsageError `recipe-and-all`.
 */
export async function lintCommand(recipe: string, options: LintOptions): Promise<number> {
  if (options.all !== undefined) {
    if (recipe === '.') return lintFolder(options.all, options)
    throw new UsageError('recipe-and-all', `both ${recipe} and --all ${options.all} are named`, {
      hint: 'Name one recipe, or with --all the folder that holds them.',
    })
  }
  const rows = await lintRows(recipe, options)
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else process.stdout.write(lintText(rows, options.quiet === true))
  if (isUnreadable(rows)) return EXIT.usage
  return brokenRows(rows).some(({ severity }) => severity === 'error') ? EXIT.fail : EXIT.pass
}

function lintText(rows: readonly LintRow[], quiet: boolean): string {
  const shown = quiet ? brokenRows(rows) : rows
  const lines = shown.map(line)
  return [...lines, ...(quiet ? [] : ['', totals(rows)])].map((text) => `${text}\n`).join('')
}

function line({ id, severity, ok, skipped, rule, subject, message, hint, where }: LintRow): string {
  const mark = skipped ? 'skip' : ok ? 'ok' : severity
  const head = `${mark.padEnd(8)}${id.padEnd(6)}${rule} [${subject}]`
  if (skipped) return `${head}: ${message}`
  return ok ? head : `${head}\n        ${where ? `${where}: ` : ''}${message}\n        ${hint}`
}

/** `31 kept, 1 error, 2 warnings, 1 skipped`. */
function totals(rows: readonly LintRow[]): string {
  const counts = Map.groupBy(rows, ({ ok, skipped, severity }) => (skipped ? 'skipped' : ok ? 'kept' : severity))
  const words = { kept: 'kept', error: 'errors', warning: 'warnings', skipped: 'skipped' }
  return Object.entries(words)
    .flatMap(([what, many]) => {
      const amount = counts.get(what as 'kept')?.length ?? 0
      return amount === 0 ? [] : [`${amount} ${amount === 1 ? what : many}`]
    })
    .join(', ')
}
