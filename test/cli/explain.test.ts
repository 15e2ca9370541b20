import { expect, test } from 'vitest'
import { PAGE_SIGNS } from '../../src/checks/page-signs.ts'
import { explainList, explainText } from '../../src/cli/explain.ts'
import { CcCiError } from '../../src/lib/errors.ts'
import { LINT_RULES } from '../../src/recipe/lint/rules.ts'
import { CAUSES } from '../../src/verdict/causes.ts'
import { FINDINGS } from '../../src/verdict/findings.ts'

test.each(Object.keys(CAUSES))('%s says what, why and what to do', (code) => {
  const { blame, retry, what, why, todo } = CAUSES[code as keyof typeof CAUSES]
  for (const part of [code, `blame: ${blame}`, what, why, todo, retry.because])
    expect(explainText(code)).toContain(part)
})

test.each(Object.entries(FINDINGS))('%s says what was found and what to do', (code, { severity, todo }) => {
  for (const part of [`${code} (finding: ${severity})`, todo]) expect(explainText(code)).toContain(part)
})

test('explains a code that is a cause and a finding as both', () => {
  expect(explainText('dep-failed')).toContain('(blame: ')
  expect(explainText('dep-failed')).toContain('(finding: error)')
})

test.each([...LINT_RULES.map(({ id }) => id), ...PAGE_SIGNS.map(({ id }) => id)])('knows %s', (code) => {
  expect(explainText(code)).toContain(`${code} (`)
})

test('lists every code once for each thing that it is', () => {
  const lines = explainList().trim().split('\n')
  expect(new Set(lines).size).toBe(lines.length)
  expect(lines.length).toBe(
    [CAUSES, FINDINGS, PAGE_SIGNS, LINT_RULES].reduce((sum, table) => sum + Object.keys(table).length, 0),
  )
})

test.each([
  ['crash-lop', 'Did you mean crash-loop?'],
  ['oom', 'Did you mean oom-killed?'],
  ['rolledback', 'Did you mean rolled-back?'],
  ['not-in-backups', 'Did you mean not-in-backup?'],
  ['constructor', 'lists all'],
  ['zzzzzzzzzzz', 'lists all'],
])('helps with %s', (code, help) => {
  expect(hintOf(() => explainText(code))).toContain(help)
  if (help === 'lists all') expect(hintOf(() => explainText(code))).not.toContain('Did you mean')
})

test('takes capitals and underscores', () => {
  expect(explainText('CRASH_LOOP')).toContain('crash-loop')
  expect(explainText('r009')).toContain('R009')
})

function hintOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof CcCiError) return `${error.code} ${error.hint}`
  }
  return 'no error'
}
