import { distance } from 'fastest-levenshtein'
import { canariesOf } from '../canaries/coverage.ts'
import { CANARIES } from '../canaries/set/index.ts'
import { PAGE_SIGNS } from '../checks/page-signs.ts'
import { UsageError } from '../lib/errors.ts'
import { LINT_RULES } from '../recipe/lint/rules.ts'
import { CAUSES, type CauseCode } from '../verdict/causes.ts'
import { FINDINGS } from '../verdict/findings.ts'

/** What can be explained: causes, findings, pages that a browser knows, lint rules. A code may be several of them. */
interface Explained {
  readonly code: string
  /** In brackets behind the code. */
  readonly kind: string
  /** In one line. */
  readonly what: string
  /** Each with its name. */
  readonly more: readonly (readonly [name: string, text: string])[]
}

const EXPLAINED: readonly Explained[] = [
  ...Object.entries(CAUSES).map(([code, { blame, what, why, todo, retry }]) => ({
    code,
    kind: `blame: ${blame}`,
    what,
    more: [
      ['Why we say so', why],
      ['What to do', todo],
      ['Judged again', `${retry.deterministic ? 'no' : 'once, on a fresh stack'}. ${retry.because}`],
    ] as const,
  })),
  ...Object.entries(FINDINGS).map(([code, { severity, what, todo }]) => ({
    code,
    kind: `finding: ${severity}`,
    what: sentence(what),
    more: [['What to do', todo]] as const,
  })),
  ...PAGE_SIGNS.map(({ id, weight, means, todo }) => ({
    code: id,
    kind: weight === 'finding' ? 'finding: warning' : 'page of an error',
    what: `The page is ${means}.`,
    more: [['What to do', todo]] as const,
  })),
  ...LINT_RULES.map(({ id, severity, title, fix, source }) => ({
    code: id,
    kind: `lint rule: ${severity}`,
    what: `${title}.`,
    more: [
      ['What to do', fix],
      ['Source', source],
    ] as const,
  })),
]

/** `cc-ci explain [CODE]`. Throws UsageError for an unknown code. */
export async function explainCommand(code: string | undefined): Promise<number> {
  process.stdout.write(code === undefined ? explainList() : explainText(code, (known) => canariesOf(known, CANARIES)))
  return 0
}

/**
 * What a code means, for `cc-ci explain CODE`; `canariesOf` gives the recipes that end with a cause, for who wants to see one. UsageError `unknown-cause` with the
 * nearest code for any other text.
 */
export function explainText(code: string, canariesOf: (code: CauseCode) => readonly string[] = () => []): string {
  const known = normal(code)
  const found = EXPLAINED.filter((one) => normal(one.code) === known)
  if (found.length === 0) throw unknown(code)
  const [canary] = isCause(known) ? canariesOf(known) : []
  return found.map((one) => textOf(one, canary)).join('\n')
}

/** A line for each code. */
export function explainList(): string {
  return EXPLAINED.map(({ code, kind, what }) => `${code.padEnd(28)}${kind.padEnd(18)}${what}\n`).join('')
}

function textOf({ code, kind, what, more }: Explained, canary: string | undefined): string {
  const example = canary !== undefined && kind.startsWith('blame') ? [['To see one', `cc-ci selftest ${canary}`]] : []
  const lines = [['What it means', what], ...more, ...example].map(
    ([name = '', text = '']) => `  ${name.padEnd(16)}${text}\n`,
  )
  return `${code} (${kind})\n\n${lines.join('')}`
}

function normal(code: string): string {
  return code.trim().toLowerCase().replaceAll('_', '-')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function isCause(code: string): code is CauseCode {
  return Object.hasOwn(CAUSES, code)
}

function unknown(code: string): UsageError {
  const near = nearest(normal(code))
  const guess = near ? `Did you mean ${near}? ` : ''
  return new UsageError('unknown-cause', `"${code}" is no cause, finding or lint rule that cc-ci knows`, {
    hint: `${guess}\`cc-ci explain\` lists all ${EXPLAINED.length}.`,
  })
}

/** A code that starts with what was typed, or one within a third of its length in typing errors. */
function nearest(typed: string): string | undefined {
  const codes = EXPLAINED.map(({ code }) => code)
  const [best] = codes.map((code) => ({ code, off: distance(typed, normal(code)) })).sort((a, b) => a.off - b.off)
  if (best && best.off <= Math.ceil(best.code.length / 3)) return best.code
  return typed.length < 3 ? undefined : codes.find((code) => code.startsWith(typed) || code.split('-').includes(typed))
}
