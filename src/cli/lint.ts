import { EXIT } from '../lib/errors.ts'
import { lint } from '../recipe/lint/lint.ts'
import type { RecipeOptions } from './program.ts'
import { withPlan } from './with-plan.ts'

/** `cc-ci lint`: every rule with its subject; exit 1 when an error-level rule is broken. */
export function lintCommand(recipe: string, options: RecipeOptions): Promise<number> {
  return withPlan(recipe, { ...options, base: 'none' }, async (plan) => {
    const { repo, headTree: tree, pristine, allowed, lintBase: base } = plan
    const { stack, env } = pristine
    const rows = await lint({ repo, tree, stack, env, base, allow: allowed })
    if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
    else for (const row of rows) process.stdout.write(`${line(row)}\n`)
    return rows.some((row) => !row.ok && !row.skipped && row.severity === 'error') ? EXIT.fail : EXIT.pass
  })
}

type Row = Awaited<ReturnType<typeof lint>>[number]

function line({ id, severity, ok, skipped, rule, subject, message, hint, where }: Row): string {
  const mark = skipped ? 'skip' : ok ? 'ok' : severity
  const head = `${mark.padEnd(8)}${id.padEnd(6)}${rule} [${subject}]`
  return ok || skipped ? head : `${head}\n        ${where ? `${where}: ` : ''}${message}\n        ${hint}`
}
