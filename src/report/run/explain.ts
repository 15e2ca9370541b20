import { distance } from 'fastest-levenshtein'
import { UsageError } from '../../lib/errors.ts'
import { CAUSES, type CauseCode } from '../../verdict/causes.ts'

/**
 * What one cause means, for `cc-ci explain CODE`; `canariesOf` gives the recipes that end with it, for who wants to see one. UsageError `unknown-cause` with the
 * nearest code for any other text.
 */
export function explainText(code: string, canariesOf: (code: CauseCode) => readonly string[] = () => []): string {
  const known = code.trim().toLowerCase().replaceAll('_', '-')
  if (!isCause(known)) throw unknown(code)
  const { blame, retry, what, why, todo } = CAUSES[known]
  const repeated = `${retry.deterministic ? 'no' : 'once, on a fresh stack'}. ${retry.because}`
  const [canary] = canariesOf(known)
  const example = canary ? `  To see one      cc-ci selftest ${canary}\n` : ''
  return `${known} (blame: ${blame})\n\n  What happened   ${what}\n  Why we say so   ${why}\n  What to do      ${todo}\n  Judged again    ${repeated}\n${example}`
}

function isCause(code: string): code is CauseCode {
  return Object.hasOwn(CAUSES, code)
}

function unknown(code: string): UsageError {
  const near = nearest(code)
  const guess = near ? `Did you mean ${near}? ` : ''
  return new UsageError('unknown-cause', `"${code}" is no cause that cc-ci knows`, {
    hint: `${guess}\`cc-ci explain\` lists all ${Object.keys(CAUSES).length}.`,
  })
}

/** A code that starts with what was typed, or one within a third of its length in typing errors. */
function nearest(text: string): string | undefined {
  const codes = Object.keys(CAUSES)
  const typed = text.trim().toLowerCase()
  const [best] = codes.map((code) => ({ code, off: distance(typed, code) })).sort((a, b) => a.off - b.off)
  if (best && best.off <= Math.ceil(best.code.length / 3)) return best.code
  return typed.length < 3 ? undefined : codes.find((code) => code.startsWith(typed) || code.split('-').includes(typed))
}
