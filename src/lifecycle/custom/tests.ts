import { mkdirSync, rmSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import type { Spec } from '../../config/customization.ts'
import type { Operation } from '../../public/ctx.ts'
import { INSIDE, type ProgramResult } from '../../sandbox/contract.ts'
import type { TestRow } from '../../verdict/events.ts'
import type { RunContext } from '../context.ts'
import { maskAs, maskFile } from '../masked-file.ts'
import { applyQuarantine, shownFile, unmatchedEntries } from '../planning/quarantine.ts'
import type { TierReporter } from '../reporter.ts'
import type { CustomRun, RowWithArtifacts, SpecFile } from '../test-rows.ts'
import { appHandlers } from './handlers.ts'
import { customLog } from './log.ts'
import { foldReport } from './report.ts'
import { ReportInbox } from './report-inbox.ts'
import { sandboxOf } from './sandbox.ts'
import { sandboxTrouble } from './sandbox-trouble.ts'
import { TestMachine } from './test-machine.ts'

/** One test may take so long; all of a tier together `timeouts.tests`. */
const TEST_TIMEOUT_MS = 60_000
const ARTIFACTS = { maxBytes: 64 * 1024 * 1024, maxFiles: 500 }

/** Runs these spec files in the sandbox and gives a row for each test; what did not come to an end is a failed row. */
export async function runSpecs(
  context: RunContext,
  reporter: TierReporter,
  { specs, op, name }: { readonly specs: readonly Spec[]; readonly op: Operation | null; readonly name: string },
): Promise<CustomRun> {
  const files = specs.map(({ side, file }) => ({ side, file }))
  const output = `${INSIDE.artifacts}/tests-${name}`
  const inbox = new ReportInbox()
  // Opened first: its containers are watched too.
  await sandboxOf(context)
  using machine = await TestMachine.begin(context)
  const report = async (message: unknown) => {
    await inbox.take(message)
    await machine.heard(message)
    return null
  }
  const result = await runProgram(context, reporter, { files, op, output, name, report })
  const { exitCode, timedOut, output: said } = result
  const found = foldReport({ files, messages: inbox.messages, exitCode, timedOut, output: said })
  // A file of which the filter leaves nothing is not one without a test.
  const empty = context.plan.request.grep === undefined ? found.empty : []
  const { quarantine, request } = context.plan
  const rows = applyQuarantine(found.rows, quarantine)
  if (request.grep === undefined)
    for (const finding of unmatchedEntries(rows, files, quarantine)) reporter.finding(finding)
  const left = rows.some(({ attachments }) => attachments.length > 0)
  const artifacts = left ? await keepArtifacts(context, output, name) : new Map<string, string>()
  return {
    rows: rows.map((row) => ({
      row,
      artifacts: row.attachments.flatMap(({ path }) => artifacts.get(path) ?? []),
      ...(row.status === 'failed' ? { machine: machine.of(row) } : {}),
    })),
    empty,
  }
}

/** As the results show it. */
export function testRow(context: RunContext, { row, artifacts, machine }: RowWithArtifacts): TestRow {
  const { title, status, durationMs, error, reason } = row
  const mask = (text: string) => context.masker.mask(text)
  return {
    title: mask(title),
    file: shownFile(row),
    status,
    durationMs,
    ...(machine ? { machine } : {}),
    ...(error === undefined ? {} : { error: mask(error.replaceAll('recipe/tests/', 'cc-ci/tests/')) }),
    ...(reason === undefined ? {} : { reason: mask(reason) }),
    ...(artifacts.length > 0 ? { artifacts } : {}),
    ...(row.quarantined ? { quarantined: row.quarantined } : {}),
  }
}

interface Program {
  readonly files: readonly SpecFile[]
  readonly op: Operation | null
  readonly output: string
  readonly name: string
  readonly report: ReportInbox['take']
}

async function runProgram(context: RunContext, reporter: TierReporter, program: Program): Promise<ProgramResult> {
  const { files, op, output, name, report } = program
  using log = customLog(context, `tests.${name}`)
  const sandbox = await sandboxOf(context)
  const wanted = {
    files: files.map(({ side, file }) => `${INSIDE.code}/${side}/${file}`),
    output,
    testTimeoutMs: TEST_TIMEOUT_MS,
    grep: context.plan.request.grep,
  }
  const subject = `${files.length} test ${files.length === 1 ? 'file' : 'files'}`
  try {
    return await reporter.operation({ kind: 'tests', subject }, () =>
      sandbox.run(['node', `${INSIDE.runtime}/src/inside/tests.ts`], {
        timeoutMs: context.plan.settings.settings.timeouts.tests,
        signal: context.signal,
        env: { CC_CI_TESTS: JSON.stringify(wanted) },
        onLine: log.line,
        handlers: { ...appHandlers({ context, reporter, op, log: log.line }), report },
      }),
    )
  } catch (error) {
    throw sandboxTrouble('custom-tests', 'test-failed', error)
  }
}

/** False: the file is gone, because it is an archive (a trace holds what was typed) in which no secret could be masked. */
function maskArtifact({ masker, events }: RunContext, file: string): boolean {
  const { unseen } = maskFile(file, (text, name) => maskAs(name, text, (one) => masker.mask(one)))
  if (unseen !== 'archive') return true
  rmSync(file)
  events.append({
    type: 'note',
    text: `${basename(file)}, which a test left, was not kept: it cannot be unpacked to mask secrets in it`,
  })
  return false
}

/** Path below the tests' output to path in the run folder. */
async function keepArtifacts(context: RunContext, output: string, name: string): Promise<Map<string, string>> {
  const { folder } = context
  const into = join(folder.artifacts, `tests-${name}`)
  mkdirSync(into, { recursive: true, mode: 0o700 })
  const { files, truncated } = await (await sandboxOf(context)).fetch(output, into, ARTIFACTS)
  if (truncated)
    context.events.append({
      type: 'note',
      text: `not all that the tests left was kept: ${ARTIFACTS.maxBytes} bytes at most`,
    })
  const artifacts = files.filter((file) => maskArtifact(context, join(into, file)))
  return new Map(artifacts.map((file) => [file, relative(folder.dir, join(into, file))]))
}
