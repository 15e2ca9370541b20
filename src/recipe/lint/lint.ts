import { formatPlace } from '../../lib/place.ts'
import type { CauseCode } from '../../verdict/causes.ts'
import type { LintFact, LintInput, LintRule } from './rule.ts'
import { RULES } from './rules.ts'

/** One rule applied to one thing. */
export interface LintRow {
  readonly id: string
  /** The rule's title. */
  readonly rule: string
  readonly severity: 'info' | 'warning' | 'error'
  /** What was looked at: a service, a config, a file. */
  readonly subject: string
  readonly ok: boolean
  /** True: nothing was judged; `message` says why. */
  readonly skipped?: boolean
  readonly message: string
  readonly hint: string
  /** `compose.yml:12:5`. */
  readonly where?: string
  /** The cause of a lint tier that fails by this row; none: `compose-invalid`. */
  readonly cause?: CauseCode
}

/** Applies every rule of the table, in its order. Each rule gives at least one row. */
export async function lint(input: LintInput): Promise<LintRow[]> {
  const { base } = input
  const context = { ...input, lastRelease: base && { tag: base.version, commit: base.commit } }
  const rows: LintRow[] = []
  for (const rule of RULES) {
    const found = await rule.check(context)
    rows.push(...(typeof found === 'string' ? [skipped(rule, found)] : found.map((fact) => row(rule, fact))))
  }
  return rows
}

function row(rule: LintRule, { subject, problem, where }: LintFact): LintRow {
  const { id, title, severity, fix } = rule
  const ok = problem === undefined
  const place = ok || !where ? {} : { where: formatPlace(where) }
  const cause = ok || !rule.cause ? {} : { cause: rule.cause }
  return {
    id,
    rule: title,
    severity,
    subject,
    ok,
    message: problem ?? 'as it should be',
    hint: fix,
    ...place,
    ...cause,
  }
}

function skipped({ id, title, severity, fix }: LintRule, why: string): LintRow {
  return { id, rule: title, severity, subject: 'recipe', ok: true, skipped: true, message: why, hint: fix }
}
