import { join, posix } from 'node:path'
import { foldReport, type TestReport } from '../../../src/lifecycle/custom/report.ts'
import type { CustomRow, SpecFile } from '../../../src/lifecycle/test-rows.ts'
import { type FakeSandbox, fakeSandbox, type RunOptions } from './sandbox.ts'

export interface SpecRun extends TestReport {
  readonly exitCode: number | null
  readonly messages: readonly unknown[]
  readonly output: string
  /** Rows as `status title`, those of no test with an exclamation mark. */
  readonly lines: readonly string[]
  row(title: string): CustomRow
}

/** Files are those of the recipe; `../operator/…` names one of the operator. */
function inside(name: string): string {
  return posix.join('recipe', name)
}

/** Writes the files below `recipe/`, has the real program run those that are specs, and folds what it reports. */
export async function runSpecs(
  box: FakeSandbox,
  files: Readonly<Record<string, string>>,
  options: RunOptions & { readonly testTimeoutMs?: number } = {},
): Promise<SpecRun> {
  await box.write(Object.fromEntries(Object.entries(files).map(([name, text]) => [inside(name), text])))
  const specs = Object.keys(files).filter((name) => name.includes('.spec.'))
  const messages: unknown[] = []
  const plan = {
    files: specs.map((name) => join(box.dir, 'code', inside(name))),
    output: join(box.dir, 'output'),
    testTimeoutMs: options.testTimeoutMs ?? 20_000,
  }
  const { exitCode, timedOut, stdout, stderr } = await box.run('tests.ts', [], {
    ...options,
    env: { CC_CI_TESTS: JSON.stringify(plan), ...options.env },
    handlers: { report: async (message) => messages.push(message), ...options.handlers },
  })
  const output = stdout + stderr
  const given = specs.map((name): SpecFile => {
    const [side, ...rest] = inside(name).split('/')
    return { side: side === 'operator' ? side : 'recipe', file: rest.join('/') }
  })
  const report = foldReport({ files: given, messages, exitCode, timedOut, output })
  return {
    ...report,
    exitCode,
    messages,
    output,
    lines: report.rows.map(({ status, title, isTest }) => `${status} ${title}${isTest ? '' : '!'}`),
    row(title) {
      const found = report.rows.find((row) => row.title === title)
      if (!found) throw new Error(`no row "${title}" among ${JSON.stringify(report.rows, null, 1)}\n${output}`)
      return found
    },
  }
}

/** The same in a folder that lives as long as the call. */
export async function runSpecsOnce(...args: Parameters<typeof runSpecs> extends [unknown, ...infer R] ? R : never) {
  await using box = await fakeSandbox()
  return await runSpecs(box, ...args)
}
