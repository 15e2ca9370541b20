import { existsSync, readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { mapLimit } from '../lib/async/map-limit.ts'
import { CcCiError, EXIT, InternalError, UsageError } from '../lib/errors.ts'
import type { LintRow } from '../recipe/lint/lint.ts'
import type { LintOptions } from './lint.ts'
import { brokenRows, isUnreadable, lintRows } from './support/lint-rows.ts'

/** One recipe of the folder. */
interface LintedRecipe {
  readonly recipe: string
  readonly errors: number
  readonly warnings: number
  /** It cannot be read as a recipe: the verdict of an operator's client would be a refusal. */
  readonly unreadable: boolean
  /** Every rule; null: there is no repository to look at, `refused` says why. */
  readonly rows: readonly LintRow[] | null
  readonly refused: { readonly code: string; readonly message: string } | null
}

/**
 * `cc-ci lint --all DIR`: every recipe in the folder and a line for each. Exit 2 where one cannot be read, else 1 where one breaks a rule of level error.
 * Throws UsageError `not-a-folder`, `no-recipes`.
 */
export async function lintFolder(dir: string, options: LintOptions): Promise<number> {
  const names = recipesIn(dir)
  const linted = await mapLimit(availableParallelism(), names, (name) => lintOne(dir, name, options))
  if (options.json) process.stdout.write(`${JSON.stringify(linted, null, 2)}\n`)
  else process.stdout.write(folderText(linted, options.quiet === true))
  if (linted.some(({ unreadable }) => unreadable)) return EXIT.usage
  return linted.some(({ errors }) => errors > 0) ? EXIT.fail : EXIT.pass
}

/** The folders in it that are repositories or have a compose file: the others are no recipes. */
function recipesIn(dir: string): string[] {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) {
    throw new UsageError('not-a-folder', `${dir} is no folder`, {
      hint: 'Name the folder that holds a folder for each recipe, like ~/.abra/recipes.',
    })
  }
  const names = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || entry.isSymbolicLink()))
    .map(({ name }) => name)
    .filter((name) => ['compose.yml', '.git'].some((file) => existsSync(join(dir, name, file))))
  if (names.length > 0) return names.sort()
  throw new UsageError('no-recipes', `no folder in ${dir} has a compose.yml or is a git repository`, {
    hint: 'Name the folder that holds the recipes; for one recipe leave --all out.',
  })
}

async function lintOne(dir: string, recipe: string, options: LintOptions): Promise<LintedRecipe> {
  try {
    const rows = await lintRows(join(dir, recipe), options)
    const amount = (severity: LintRow['severity']) => brokenRows(rows).filter((row) => row.severity === severity).length
    const counts = { errors: amount('error'), warnings: amount('warning') }
    return { recipe, ...counts, unreadable: isUnreadable(rows), rows, refused: null }
  } catch (error) {
    if (!(error instanceof CcCiError) || error instanceof InternalError) throw error
    const refused = { code: error.code, message: error.describe() }
    return { recipe, errors: 1, warnings: 0, unreadable: true, rows: null, refused }
  }
}

function folderText(linted: readonly LintedRecipe[], quiet: boolean): string {
  const shown = quiet ? linted.filter(({ errors }) => errors > 0) : linted
  const cells = [
    ['recipe', 'errors', 'warnings', 'first'],
    ...shown.map((one) => [one.recipe, figure(one.errors), figure(one.warnings), firstOf(one)]),
  ]
  const width = Math.max(...cells.map(([name = '']) => name.length))
  const lines = cells.map(([name = '', errors = '', warnings = '', first = '']) =>
    `${name.padEnd(width)}  ${errors.padStart(6)}  ${warnings.padStart(8)}  ${first}`.trimEnd(),
  )
  return [...(shown.length > 0 ? [...lines, ''] : []), totals(linted), ''].join('\n')
}

const figure = (amount: number) => (amount === 0 ? '–' : String(amount))

/** The first rule that is broken, the worst level first. */
function firstOf({ rows, refused }: LintedRecipe): string {
  if (refused) return `${refused.message.split('\n')[0]} [${refused.code}]`
  const broken = brokenRows(rows ?? [])
  const found =
    broken.find(({ severity }) => severity === 'error') ?? broken.find(({ severity }) => severity === 'warning')
  if (!found) return ''
  return `${found.id} ${found.where ?? found.subject}: ${found.message}`
}

function totals(linted: readonly LintedRecipe[]): string {
  const unread = linted.filter(({ unreadable }) => unreadable).length
  const broken = linted.filter(({ unreadable, errors }) => !unreadable && errors > 0).length
  const good = linted.length - unread - broken
  return [
    `${linted.length} recipe${linted.length === 1 ? '' : 's'}: ${good} without errors`,
    ...(broken > 0 ? [`${broken} with errors`] : []),
    ...(unread > 0 ? [`${unread} cannot be read`] : []),
  ].join(', ')
}
