import { firstEnd } from '../../verdict/attempts.ts'
import type { Cause } from '../../verdict/causes.ts'
import type { Results, TierResult } from '../../verdict/results.ts'
import { escapeXml } from '../text/xml.ts'

/**
 * JUnit XML: a suite per tier, a case per check and per custom test, and one for the tier itself. A fault of the recipe is a
 * `failure`; what could not be judged is an `error`, because a reader must not take it for a pass. What the attempt before ended with is reported as
 * Surefire tells it: `flakyFailure` or `flakyError` in a case that passed, `rerunFailure` or `rerunError` in one that did not.
 */
export function junitXml(results: Results): string {
  const suites = results.tiers.map((tier) => suiteOf(tier, firstEnd(tier, results)))
  const name = `cc-ci ${results.recipe.name}`
  const body = suites.map(({ xml }) => xml).join('\n')
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open('testsuites', { name, ...totals(suites.flatMap(({ cases }) => cases)) })}\n${body}\n</testsuites>\n`
}

interface Case {
  readonly name: string
  readonly classname: string
  readonly ms: number
  readonly kind: 'pass' | 'failure' | 'error' | 'skipped'
  readonly message: string
  readonly text: string
  /** How the same case ended in the attempt before. */
  readonly before?: Case | undefined
}

function suiteOf(tier: TierResult, first: TierResult | undefined): { cases: Case[]; xml: string } {
  const failedBefore = new Map(first?.tests.map((test) => [`${test.file} ${test.title}`, testCase(test)]))
  const cases = [
    { ...tierCase(tier), before: first && tierCase(first) },
    ...tier.checks.map((check) => checkCase(tier.id, check)),
    ...tier.tests.map((test) => ({ ...testCase(test), before: failedBefore.get(`${test.file} ${test.title}`) })),
  ]
  const timestamp: Record<string, string> = tier.startedAt ? { timestamp: tier.startedAt } : {}
  const head = open('testsuite', { name: tier.id, ...totals(cases), time: seconds(tier.durationMs), ...timestamp })
  return { cases, xml: `  ${head}\n${cases.map(caseXml).join('\n')}\n  </testsuite>` }
}

function tierCase({ id, status, reason, cause, durationMs }: TierResult): Case {
  const kind = ({ pass: 'pass', fail: 'failure', unverified: 'error', skip: 'skipped' } as const)[status]
  return { name: `${id} (tier)`, classname: id, ms: durationMs, kind, message: reason, text: textOf(cause) }
}

function checkCase(tier: string, { name, outcome, cause }: TierResult['checks'][number]): Case {
  const recipes = cause?.blame === 'recipe' || cause?.blame === 'upstream'
  const kind = outcome === 'pass' ? 'pass' : outcome === 'fail' && recipes ? 'failure' : 'error'
  return { name, classname: tier, ms: 0, kind, message: cause?.message ?? outcome, text: textOf(cause) }
}

/** A test in quarantine is no failure to whoever counts them, and no pass. */
function testCase({ title, file, status, durationMs, error, reason, quarantined }: TierResult['tests'][number]): Case {
  const kind = quarantined ? 'skipped' : ({ passed: 'pass', failed: 'failure', skipped: 'skipped' } as const)[status]
  const said = reason ?? error?.split('\n')[0] ?? `test ${status}`
  const message = quarantined ? `${status}; in quarantine until ${quarantined.until}: ${quarantined.reason}` : said
  return { name: title, classname: file, ms: durationMs, kind, message, text: error ?? '' }
}

function caseXml(one: Case): string {
  const { name, classname, ms, kind, message, text } = one
  const head = open('testcase', { name, classname, time: seconds(ms) })
  const own = kind === 'pass' ? [] : [`${open(kind, { message })}${escapeXml(text)}</${kind}>`]
  const parts = [...own, ...beforeXml(one)].map((part) => `\n      ${part}`)
  return parts.length === 0 ? `    ${head}</testcase>` : `    ${head}${parts.join('')}\n    </testcase>`
}

function beforeXml({ kind, before }: Case): string[] {
  if (before?.kind !== 'failure' && before?.kind !== 'error') return []
  const tag = `${kind === 'pass' ? 'flaky' : 'rerun'}${before.kind === 'failure' ? 'Failure' : 'Error'}`
  const [type = ''] = before.text.split('\n')
  const trace = `<stackTrace>${escapeXml(before.text)}</stackTrace>`
  return [`${open(tag, { message: before.message, type })}${trace}</${tag}>`]
}

function textOf(cause: (Omit<Cause, 'code'> & { code: string }) | undefined): string {
  return cause ? [`${cause.code} (blame: ${cause.blame})`, ...cause.lines, cause.hint].join('\n') : ''
}

function totals(cases: readonly Case[]): Record<string, string> {
  const count = (kind: Case['kind']) => String(cases.filter((one) => one.kind === kind).length)
  return { tests: String(cases.length), failures: count('failure'), errors: count('error'), skipped: count('skipped') }
}

function open(tag: string, attributes: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeXml(value).replaceAll('\n', '&#10;')}"`,
  )
  return `<${tag}${pairs.join('')}>`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
