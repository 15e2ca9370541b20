import { type Cause, cause } from '../../verdict/causes.ts'
import { failedTestLines } from '../../verdict/failed-tests.ts'
import type { CustomRow, SpecFile } from '../test-rows.ts'

/** What the tests of one tier came to. */
export interface TestsJudgement {
  readonly outcome: 'pass' | 'fail' | 'unverified'
  readonly cause?: Cause
  /** Titles of those that ran to an end. */
  readonly executed: readonly string[]
}

/** Rows of one tier, those in quarantine aside, and the given files of it that hold no test: with one of those, or without a test that ran, nothing has been proved. */
export function judgeTests(rows: readonly CustomRow[], empty: readonly SpecFile[]): TestsJudgement {
  const deciding = rows.filter(({ quarantined }) => !quarantined)
  const failed = deciding.filter(({ status }) => status === 'failed')
  const executed = deciding.filter(({ status, isTest }) => isTest && status !== 'skipped')
  const titles = executed.map(({ title }) => title)
  if (failed.length > 0) {
    const message = `${failed.length} of ${deciding.length - skippedIn(deciding)} tests failed: ${failed[0]?.file} "${failed[0]?.title}"`
    return {
      outcome: 'fail',
      cause: cause('test-failed', message, { lines: failedTestLines(failed) }),
      executed: titles,
    }
  }
  if (empty.length > 0) return { ...unproved(`${empty.map(({ file }) => file).join(', ')}: no test`), executed: titles }
  if (executed.length > 0) return { outcome: 'pass', executed: titles }
  if (deciding.length < rows.length)
    return {
      ...unproved(
        `${rows.length - deciding.length} of ${rows.length} tests decide nothing (quarantined), and no other ran`,
      ),
      executed: [],
    }
  const reasons = [...new Set(rows.map(({ reason }) => reason ?? 'no reason given'))].join('; ')
  return { ...unproved(rows.length === 0 ? 'there was no test' : `all were skipped: ${reasons}`), executed: [] }
}

function unproved(message: string): Omit<TestsJudgement, 'executed'> {
  return { outcome: 'unverified', cause: cause('no-tests-ran', message) }
}

function skippedIn(rows: readonly CustomRow[]): number {
  return rows.filter(({ status }) => status === 'skipped').length
}
