import { type Cause, cause } from '../../verdict/causes.ts'
import type { CustomRow, GivenFile } from '../test-rows.ts'

/** What the tests of one tier came to. */
export interface TestsJudgement {
  readonly outcome: 'pass' | 'fail' | 'unverified'
  readonly cause?: Cause
  /** Titles of those that ran to an end. */
  readonly executed: readonly string[]
}

/** Together with where the machine stood they fit into what a terminal shows of a cause; the rows of the tests have all of it. */
const FIRST_LINES = 4
const OTHERS_NAMED = 3

/** Rows of one tier, and the given files of it that hold no test: with one of those, or without a test that ran, nothing has been proved. */
export function judgeTests(rows: readonly CustomRow[], empty: readonly GivenFile[]): TestsJudgement {
  const failed = rows.filter(({ status }) => status === 'failed')
  const executed = rows.filter(({ status, isTest }) => isTest && status !== 'skipped')
  const titles = executed.map(({ title }) => title)
  if (failed.length > 0) {
    const message = `${failed.length} of ${rows.length - skippedIn(rows)} tests failed: ${failed[0]?.file} "${failed[0]?.title}"`
    return { outcome: 'fail', cause: cause('test-failed', message, { lines: linesOf(failed) }), executed: titles }
  }
  if (empty.length > 0) return { ...unproved(`${empty.map(({ file }) => file).join(', ')}: no test`), executed: titles }
  if (executed.length > 0) return { outcome: 'pass', executed: titles }
  const reasons = [...new Set(rows.map(({ reason }) => reason ?? 'no reason given'))].join('; ')
  return { ...unproved(rows.length === 0 ? 'there was no test' : `all were skipped: ${reasons}`), executed: [] }
}

function unproved(message: string): Omit<TestsJudgement, 'executed'> {
  return { outcome: 'unverified', cause: cause('no-tests-ran', message) }
}

function skippedIn(rows: readonly CustomRow[]): number {
  return rows.filter(({ status }) => status === 'skipped').length
}

/** The first failure with what its message begins with and where it is; of the others, which they are. */
function linesOf([first, ...others]: readonly CustomRow[]): string[] {
  if (!first) return []
  const said = (first.error ?? '').split('\n').filter((line) => line.trim() !== '' && !CODE_FRAME.test(line))
  const rest = said.slice(FIRST_LINES)
  const names = others.slice(0, OTHERS_NAMED).map(({ title }) => `"${title}"`)
  const more = others.length > names.length ? `${names.join(', ')} and more` : names.join(', ')
  return [
    `${first.file} › ${first.title}`,
    ...said.slice(0, FIRST_LINES),
    ...(rest.length > 1 ? ['…'] : []),
    ...rest.slice(-1),
    ...(others.length > 0 ? [`${others.length} more: ${more}`] : []),
  ]
}

/** A line of the code around the place, as the test runner draws it: `> 12 |   expect(…)`, `     |   ^`. */
const CODE_FRAME = /^\s*(>?\s*\d+)?\s*\|/
