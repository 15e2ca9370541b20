import { lint } from '../../recipe/lint/lint.ts'
import { cause } from '../../verdict/causes.ts'
import type { TierRunner } from '../context.ts'
import { lintInputOf } from '../planning/lint-input.ts'

/** Co-op Cloud's rules and ours on the checkout of head; warnings are findings, an error-level rule fails the tier. */
export const lintTier: TierRunner = {
  async run({ plan }, reporter) {
    const rows = await lint(lintInputOf(plan))
    for (const row of rows.filter(({ ok, skipped }) => !ok && !skipped)) {
      reporter.finding({
        code: row.id,
        severity: row.severity,
        message: `${row.subject}: ${row.message} (${row.rule})`,
        ...(row.where ? { where: row.where } : {}),
      })
    }
    const judged = rows.filter(({ skipped }) => !skipped)
    reporter.evidence({ kind: 'rules', rules: judged.map(({ id, subject, ok }) => ({ id, subject, ok })) })
    const errors = judged.filter(({ ok, severity }) => !ok && severity === 'error')
    if (errors.length === 0) return reporter.check('lint-clean', 'pass')
    for (const row of errors) {
      const lines = [row.where ? `${row.where}: ${row.rule}` : row.rule]
      reporter.check(
        { id: 'lint-rule', subject: `${row.id} ${row.rule}` },
        'fail',
        cause(row.cause ?? 'compose-invalid', `${row.id}: ${row.subject}: ${row.message}`, { hint: row.hint, lines }),
      )
    }
  },
}
