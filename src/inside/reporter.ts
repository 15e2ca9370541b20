import { relative } from 'node:path'
import type {
  FullConfig,
  FullResult,
  Reporter,
  Suite,
  TestCase,
  TestError,
  TestResult,
} from '@playwright/test/reporter'
import { sourcePlace } from './code-root.ts'
import { errorText } from './errors/error-text.ts'
import type { Attachment, RunnerMessage, SpecFile } from './tests/report-message.ts'

const MAX_TITLE = 1_000

/** Tells the program that started the test runner what happens, over their IPC channel. */
class ToParent implements Reporter {
  #output = ''
  #begun = false

  printsToStdio(): boolean {
    return true
  }

  onBegin({ projects }: FullConfig, suite: Suite): void {
    this.#output = projects[0]?.outputDir ?? ''
    if (suite.allTests().length === 0) return
    this.#begun = true
    void send({ kind: 'begin', total: suite.allTests().length })
  }

  onTestBegin(test: TestCase): void {
    void send({ kind: 'start', ...fileOf(test), title: titleOf(test) })
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const status = statusOf(test, result)
    void send({
      kind: 'test',
      ...fileOf(test),
      title: titleOf(test),
      status,
      durationMs: Math.max(0, Math.round(result.duration)),
      tags: test.tags,
      ...(status === 'failed' ? { error: failureOf(test, result) } : {}),
      ...(status === 'skipped' ? { reason: reasonOf(test, result) } : {}),
      attachments: status === 'failed' ? this.#attachments(result) : [],
    })
  }

  onError(error: TestError): void {
    const place = error.location ? sourcePlace(error.location.file) : null
    void send({ kind: 'error', ...place, message: errorText([error]), phase: this.#begun ? 'run' : 'load' })
  }

  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk)
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk)
  }

  /** Ends when everything has been handed over: the process exits right after. */
  async onEnd({ status }: FullResult): Promise<void> {
    await send({ kind: 'end', status: status === 'passed' ? 'passed' : 'failed' })
  }

  #attachments({ attachments }: TestResult): Attachment[] {
    return attachments.flatMap(({ name, contentType, path }) => {
      const inside = path === undefined ? '..' : relative(this.#output, path)
      return inside.startsWith('..') ? [] : [{ name, contentType, path: inside }]
    })
  }
}

function send(message: RunnerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()))
  })
}

/** The spec file that was run, also for a test that a module it imports has declared. */
function fileOf(test: TestCase): SpecFile {
  let suite: Suite | undefined = test.parent
  while (suite && suite.type !== 'file') suite = suite.parent
  const file = suite?.location?.file ?? test.location.file
  return sourcePlace(file) ?? { side: '', file }
}

/** Root, project and file come before the titles that the author wrote. */
function titleOf(test: TestCase): string {
  return test.titlePath().slice(3).join(' › ').slice(0, MAX_TITLE)
}

function statusOf(test: TestCase, { status }: TestResult): 'passed' | 'failed' | 'skipped' {
  if (status === 'skipped' && test.expectedStatus === 'skipped') return 'skipped'
  return status === test.expectedStatus ? 'passed' : 'failed'
}

function failureOf(test: TestCase, { status, errors }: TestResult): string {
  const said = errorText(errors)
  if (status === 'passed') return 'it passed, but test.fail() says that it fails'
  if (status === 'skipped') return 'it did not run, because something before it failed'
  if (status === 'timedOut') return said || `it did not end within ${test.timeout} ms`
  if (status === 'interrupted') return ['it was interrupted', said].filter(Boolean).join('\n')
  return said || 'it failed without a message'
}

function reasonOf({ annotations }: TestCase, result: TestResult): string {
  const why = [...result.annotations, ...annotations].find(({ type }) => type === 'skip' || type === 'fixme')
  return (
    why?.description?.slice(0, MAX_TITLE) ??
    (why?.type === 'fixme' ? 'marked as to be fixed, without a reason' : 'no reason given')
  )
}

// biome-ignore lint/style/noDefaultExport: Playwright Test takes a reporter from there.
export default ToParent
