import { EXIT } from '../lib/errors.ts'
import { readForLint } from '../lifecycle/planning/lint-input.ts'
import { lint } from '../recipe/lint/lint.ts'
import { CAN_BE_READ } from '../recipe/lint/own.ts'
import type { RecipeOptions } from './program/options.ts'
import { withHead } from './support/with-plan.ts'

/** `cc-ci lint`: every rule with its subject; exit 1 when an error-level rule is broken, 2 when the recipe cannot be read. */
export function lintCommand(recipe: string, options: RecipeOptions): Promise<number> {
  return withHead(recipe, { ...options, base: 'none' }, async (head, request, planning) => {
    const rows = await planning(async () => lint(await readForLint(head, request)))
    if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    else for (const row of rows) process.stdout.write(`${line(row)}\n`)
    const broken = rows.filter(({ ok, severity }) => !ok && severity === 'error')
    if (broken.some(({ id }) => id === CAN_BE_READ)) return EXIT.usage
    return broken.length > 0 ? EXIT.fail : EXIT.pass
  })
}

type Row = Awaited<ReturnType<typeof lint>>[number]

function line({ id, severity, ok, skipped, rule, subject, message, hint, where }: Row): string {
  const mark = skipped ? 'skip' : ok ? 'ok' : severity
  const head = `${mark.padEnd(8)}${id.padEnd(6)}${rule} [${subject}]`
  if (skipped) return `${head}: ${message}`
  return ok ? head : `${head}\n        ${where ? `${where}: ` : ''}${message}\n        ${hint}`
}
