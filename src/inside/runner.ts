import { fork } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { RunnerMessage } from './report-message.ts'
import { TEST_PLAN_VARIABLE, type TestPlan } from './test-plan.ts'

/** How the process of the test runner ended. */
export interface RunnerEnd {
  readonly exitCode: number | null
  readonly signal: string | null
}

/** Runs Playwright Test on the files of the plan in a process of its own; its messages are passed on as they come. */
export async function runPlaywright(plan: TestPlan, take: (message: RunnerMessage) => void): Promise<RunnerEnd> {
  await mkdir(plan.output, { recursive: true })
  const cli = createRequire(import.meta.url).resolve('@playwright/test/cli')
  const config = join(import.meta.dirname, 'playwright.config.ts')
  const child = fork(cli, ['test', '--config', config, '--pass-with-no-tests'], {
    env: { ...process.env, [TEST_PLAN_VARIABLE]: JSON.stringify(plan), FORCE_COLOR: '0' },
    execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.on('message', (message) => take(message as RunnerMessage))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }))
  })
}
