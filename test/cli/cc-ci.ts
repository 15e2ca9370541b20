import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { type ExecResult, exec, inheritedEnv } from '../../src/lib/process/exec.ts'
import { parseResults, type Results } from '../../src/verdict/results.ts'

export const LAUNCHER = new URL('../../bin/cc-ci', import.meta.url).pathname
/** Far above what a run takes: its own deadlines are what tests are about. A run that meets this one still removes what it made. */
const DEADLINE_MS = 600_000
const TEARDOWN_MS = 90_000

/** A folder for one test with the state of cc-ci in it; both are gone afterwards. */
export interface Workshop {
  readonly dir: string
  readonly state: string
  /** Builds a fixture recipe and returns its folder. */
  recipe(name: string): Promise<string>
  /** Runs the real command line with the state of this workshop. */
  run(
    args: readonly string[],
    options?: { cwd?: string; env?: Record<string, string>; signal?: AbortSignal; timeoutMs?: number },
  ): Promise<ExecResult>
  /**
   * `cc-ci test` with default settings, its results read and checked against the published schema. Throws where it passed at a second attempt
   * only: a test must not pass by chance, unless `again` says that it is about that.
   */
  test(
    args: readonly string[],
    options?: { again?: boolean; env?: Record<string, string> },
  ): Promise<ExecResult & { results: Results }>
  [Symbol.asyncDispose](): Promise<void>
}

export function openWorkshop(): Workshop {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-test-'))
  const state = join(dir, 'state')
  const env = { ...inheritedEnv(), CC_CI_STATE: state, NO_COLOR: '1' }
  const workshop: Workshop = {
    dir,
    state,
    async recipe(name) {
      return (await buildRecipe(name, join(dir, name))).dir
    },
    run: (args, options = {}) =>
      exec(LAUNCHER, args, {
        timeoutMs: options.timeoutMs ?? DEADLINE_MS,
        graceMs: TEARDOWN_MS,
        cwd: options.cwd ?? dir,
        env: { ...env, ...options.env },
        signal: options.signal,
      }),
    async test(args, { again = false, env: more = {} } = {}) {
      const file = join(dir, `results-${Math.random().toString(36).slice(2)}.json`)
      const done = await workshop.run(['test', ...args, '--json', file], { env: more })
      if (!existsSync(file)) throw new Error(`no results (exit ${done.exitCode}):\n${done.stdout}\n${done.stderr}`)
      const results = parseResults(JSON.parse(readFileSync(file, 'utf8')), file)
      if (!again && results.verdict === 'pass' && results.attempts)
        throw new Error(`passed at a second attempt only:\n${done.stdout}`)
      return { ...done, results }
    },
    async [Symbol.asyncDispose]() {
      rmSync(dir, { recursive: true, force: true })
    },
  }
  return workshop
}
