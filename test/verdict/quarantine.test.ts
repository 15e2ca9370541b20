import { describe, expect, it } from 'vitest'
import type { EventDraft } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { levelOf } from '../../src/verdict/level.ts'
import type { Results } from '../../src/verdict/results.ts'
import { TIER_IDS } from '../../src/verdict/tiers.ts'
import { passingDrafts, passingTier, stamped } from './passing-stream.ts'

const quarantined = { reason: 'upstream loses the session', until: '2026-12-31' }
type Row = Extract<EventDraft, { type: 'test' }>['test']

const row = (title: string, status: Row['status'], excused = false): EventDraft => ({
  ...{ type: 'test', tier: 'functional' },
  test: { title, file: 'cc-ci/tests/custom/a.spec.ts', status, durationMs: 1, ...(excused ? { quarantined } : {}) },
})

/** A green run whose custom tests ended so. */
function run(rows: readonly EventDraft[]): Results {
  const functional = passingTier('functional').filter(({ type }) => type !== 'test')
  return fold(stamped(passingDrafts({ functional: [...functional.slice(0, -1), ...rows, ...functional.slice(-1)] })))
}

const functionalOf = ({ tiers }: Results) => tiers.find(({ id }) => id === 'functional')

describe('a test in quarantine', () => {
  it('that fails does not decide the verdict, and its rung is not reached', () => {
    const results = run([row('logs in', 'failed', true), row('writes', 'passed')])
    expect(results).toMatchObject({ verdict: 'pass', level: 3 })
    expect(functionalOf(results)).toMatchObject({ status: 'pass' })
    expect(functionalOf(results)?.tests[0]).toMatchObject({ status: 'failed', quarantined })
  })

  it('that passes takes nothing away', () => {
    expect(run([row('logs in', 'passed', true), row('writes', 'passed')])).toMatchObject({ verdict: 'pass', level: 6 })
  })

  it('excuses no other', () => {
    const results = run([row('logs in', 'failed', true), row('writes', 'failed')])
    expect(results.verdict).toBe('fail')
    expect(functionalOf(results)?.cause).toMatchObject({
      code: 'test-failed',
      message: '1 of 2 tests of functional failed',
    })
  })

  it.each([
    ['alone, though it passed', [row('logs in', 'passed', true)], '1 of 1 tests decide nothing (quarantined)'],
    [
      'beside one that was skipped',
      [row('logs in', 'passed', true), row('writes', 'skipped')],
      '1 of 2 tests decide nothing (quarantined), and the rest were skipped',
    ],
    ['nor do skipped ones', [row('writes', 'skipped')], 'all 1 tests were skipped'],
    ['nor does nothing', [], 'not one test was executed'],
  ])('proves nothing %s', (_, rows, message) => {
    const results = run(rows)
    expect(results.verdict).toBe('unverified')
    expect(functionalOf(results)?.cause).toMatchObject({ code: 'no-tests-ran', message })
  })

  it('holds no other rung back, and none that it was skipped or passed in', () => {
    const level = (status: Row['status'], excused: boolean) => {
      const test = { title: 'x', file: 'x', status, durationMs: 1, ...(excused ? { quarantined } : {}) }
      return levelOf(TIER_IDS.map((id) => ({ id, status: 'pass', tests: id === 'upgrade' ? [test] : [] })))
    }
    expect([level('failed', true), level('passed', true), level('skipped', true), level('failed', false)]).toEqual([
      1, 6, 6, 6,
    ])
  })
})
