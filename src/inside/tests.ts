import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { sourcePlace } from './code-root.ts'
import { setDefaults } from './defaults.ts'
import { call } from './rpc/rpc.ts'
import { BatchLog } from './tests/batch-log.ts'
import type { ReportMessage, RunnerMessage } from './tests/report-message.ts'
import { runPlaywright } from './tests/runner.ts'
import { readTestPlan } from './tests/test-plan.ts'

/**
 * Runs the spec files of CC_CI_TESTS and reports every one of them, whatever the others do: what does not load, or ends the test runner, is
 * told, and the rest is started over. No code of a recipe is loaded in this process, and that of the operator has been run before it loads any of
 * the recipe repository. Exit code 0 when all was run and passed, else 1.
 */
async function main(): Promise<void> {
  const { files, output, testTimeoutMs, grep } = readTestPlan()
  const token = randomUUID()
  const sent: Promise<unknown>[] = []
  const report = (message: RunnerMessage | { readonly kind: 'hello' }) => {
    sent.push(call('report', { token, ...message } satisfies ReportMessage))
  }
  report({ kind: 'hello' })
  await Promise.all(sent)
  const passed = await runAll(files, async (batch, number) => {
    const log = new BatchLog(batch)
    const plan = { files: batch, output: join(output, String(number)), testTimeoutMs, grep }
    const end = await runPlaywright(plan, (message) => {
      const news = log.take(message)
      if (news) report(withBatch(news, number))
    })
    const last = log.unannounced(end)
    if (last) report(last)
    return log
  })
  report({ kind: 'end', status: passed ? 'passed' : 'failed' })
  await Promise.all(sent)
  process.exitCode = passed ? 0 : 1
}

async function runAll(
  files: readonly string[],
  run: (batch: readonly string[], number: number) => Promise<BatchLog>,
): Promise<boolean> {
  const batches: (readonly string[])[] = bySide(files)
  let passed = true
  let number = 0
  for (let batch = batches.shift(); batch; batch = batches.shift()) {
    number += 1
    const log = await run(batch, number)
    passed &&= log.passed
    batches.unshift(...log.next())
  }
  return passed
}

function bySide(files: readonly string[]): string[][] {
  const isOperators = (file: string) => sourcePlace(file)?.side === 'operator'
  const sides = [files.filter(isOperators), files.filter((file) => !isOperators(file))]
  return sides.filter((side) => side.length > 0)
}

/** Each start of the test runner has a folder of its own, because it empties it first. */
function withBatch(message: RunnerMessage, number: number): RunnerMessage {
  if (message.kind !== 'test') return message
  const attachments = message.attachments.map((attachment) => ({
    ...attachment,
    path: `${number}/${attachment.path}`,
  }))
  return { ...message, attachments }
}

setDefaults()
await main()
