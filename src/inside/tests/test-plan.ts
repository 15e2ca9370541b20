/** What `tests.ts` is asked to run: the JSON in CC_CI_TESTS. */
export interface TestPlan {
  /** Absolute paths inside the sandbox; exactly these are run. */
  readonly files: readonly string[]
  /** Folder for screenshots, traces and all else that tests leave; made when missing. */
  readonly output: string
  /** Time of one test, its fixtures included. */
  readonly testTimeoutMs: number
  /** Only tests whose titles match this regular expression. */
  readonly grep?: string | undefined
}

export const TEST_PLAN_VARIABLE = 'CC_CI_TESTS'

export function readTestPlan(): TestPlan {
  return JSON.parse(process.env[TEST_PLAN_VARIABLE] ?? '') as TestPlan
}
