import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecipeError } from '../../lib/errors.ts'
import { formatLocation } from '../../lib/text/source-location.ts'
import type { CauseCode } from '../../verdict/causes.ts'
import type { PolicyLimits } from '../../verdict/policy-codes.ts'
import type { RecipeTree, ResolvedStack } from '../model.ts'
import type { LintContext, LintFact, LintInput, LintRule } from './rule.ts'
import { LINT_RULES } from './rules.ts'

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

/** Applies every rule of the table, in its order. Each rule gives at least one row, also where the recipe cannot be read. */
export async function lint(input: LintInput): Promise<LintRow[]> {
  const context = new Context(input)
  const rows: LintRow[] = []
  for (const rule of LINT_RULES) {
    // Whoever wants it to end is heard.
    await nextTurn()
    const found = await judge(rule, context)
    rows.push(...(typeof found === 'string' ? [skipped(rule, found)] : found.map((fact) => row(rule, fact))))
  }
  return rows
}

async function judge(rule: LintRule, context: LintContext): Promise<LintFact[] | string> {
  try {
    return await rule.check(context)
  } catch (error) {
    if (error instanceof NotRead) return error.message
    throw error
  }
}

/** A rule looked at what could not be read. */
class NotRead extends Error {}

class Context implements LintContext {
  readonly repo: LintInput['repo']
  readonly env: LintInput['env']
  readonly base: LintInput['base']
  readonly allow: readonly string[]
  readonly most: PolicyLimits
  readonly unread: readonly RecipeError[]
  readonly lastRelease: LintContext['lastRelease']
  readonly #input: LintInput

  constructor(input: LintInput) {
    const { repo, env, base, allow = [], most = {}, unread = [] } = input
    this.repo = repo
    this.env = env
    this.base = base
    this.allow = allow
    this.most = most
    this.unread = unread
    this.lastRelease = base && { tag: base.version, commit: base.commit }
    this.#input = input
  }

  get tree(): RecipeTree {
    if (this.#input.tree) return this.#input.tree
    throw new NotRead('not judged: .env.sample or abra.sh cannot be read')
  }

  get stack(): ResolvedStack {
    if (this.#input.stack) return this.#input.stack
    throw new NotRead('not judged: the compose files cannot be read')
  }
}

function row(rule: LintRule, { subject, problem, where, fix = rule.fix }: LintFact): LintRow {
  const { id, title, severity } = rule
  const ok = problem === undefined
  const place = ok || !where ? {} : { where: formatLocation(where) }
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
