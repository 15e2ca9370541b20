import { describe, expect, it, test } from 'vitest'
import { judgeTests } from '../../../src/lifecycle/custom/judge-tests.ts'
import { applyQuarantine, quarantineOf, unmatchedEntries } from '../../../src/lifecycle/planning/quarantine.ts'
import type { CustomRow } from '../../../src/lifecycle/test-rows.ts'
import { config, loadConfig } from '../../config/loading.ts'

const entry = {
  ...{ file: 'cc-ci/tests/custom/login.spec.ts', test: 'logs in' },
  ...{ reason: 'upstream loses the session', expires: '2026-11-29' },
}
const at = (runId: string, quarantine = [entry]) => quarantineOf({ quarantine }, runId)
const today = at('20261129-235959-aaaaaa')

function row(more: Partial<CustomRow> = {}): CustomRow {
  return {
    ...{ title: 'logs in', side: 'recipe', file: 'tests/custom/login.spec.ts', status: 'failed', durationMs: 1 },
    ...{ tags: [], isTest: true, attachments: [] },
    ...more,
  }
}

describe('an entry', () => {
  it('counts through its last day, by the id of the run; then it is told that its test decides again', () => {
    expect(today).toEqual({ active: [entry], findings: [] })
    const late = at('20261130-000000-aaaaaa')
    expect(late.active).toEqual([])
    expect(late.findings).toEqual([
      {
        ...{ code: 'quarantine-expired', severity: 'warning' },
        message: expect.stringMatching(/"logs in".*ended with 2026-11-29, and it decides again.*upstream loses/),
      },
    ])
    expect(applyQuarantine([row()], late)[0]?.quarantined).toBeUndefined()
  })

  it.each<[string, Partial<CustomRow>, boolean]>([
    ['its test', {}, true],
    ['one that passed', { status: 'passed' }, true],
    ['one of the same name of the other side', { side: 'operator' }, false],
    ['one of the same name in another file', { file: 'tests/custom/other.spec.ts' }, false],
    ['one whose name only begins alike', { title: 'logs in twice' }, false],
    ['a file that does not load', { isTest: false }, false],
  ])('excuses %s: %j', (_, more, excused) => {
    const [found] = applyQuarantine([row(more)], today)
    expect(found?.quarantined).toEqual(excused ? { reason: entry.reason, until: entry.expires } : undefined)
  })

  it('that nobody is in is told, where its file was run', () => {
    const file = { side: 'recipe', file: 'tests/custom/login.spec.ts' } as const
    expect(unmatchedEntries([row({ title: 'other' })], [file], today)).toEqual([
      expect.objectContaining({ code: 'quarantine-unmatched', message: expect.stringContaining('"logs in"') }),
    ])
    expect(unmatchedEntries([row()], [file], today)).toEqual([])
    expect(unmatchedEntries([], [{ ...file, file: 'tests/install.spec.ts' }], today)).toEqual([])
  })
})

describe('tests of a tier with one in quarantine', () => {
  const judged = (rows: CustomRow[]) => judgeTests(applyQuarantine(rows, today), [])

  it('are judged by the others', () => {
    const other = row({ title: 'writes', status: 'passed' })
    expect(judged([row(), other])).toEqual({ outcome: 'pass', executed: ['writes'] })
    expect(judged([row(), { ...other, status: 'failed' }])).toMatchObject({
      outcome: 'fail',
      cause: { message: expect.stringMatching(/^1 of 1 tests failed: .*"writes"/) },
    })
  })

  it('prove nothing where there is no other', () => {
    expect(judged([row({ status: 'passed' })])).toMatchObject({
      ...{ outcome: 'unverified', executed: [] },
      cause: { code: 'no-tests-ran', message: expect.stringContaining('1 of 1 tests decide nothing') },
    })
  })
})

test('a recipe cannot put its own test into quarantine', async () => {
  const own = config(`{ quarantine: [${JSON.stringify(entry)}] }`)
  await expect(loadConfig(own)).rejects.toThrow(/quarantine is for the operator alone/)
})
