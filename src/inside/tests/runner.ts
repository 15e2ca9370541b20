import { fork } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
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
  const config = join(import.meta.dirname, '../playwright.config.ts')
  // What is compiled is kept in a folder that other code could have written to; so each start has one of its own.
  const cache = await mkdtemp(join(tmpdir(), 'compiled-'))
  const child = fork(cli, ['test', '--config', config, '--pass-with-no-tests'], {
    env: {
      ...process.env,
      [TEST_PLAN_VARIABLE]: JSON.stringify(plan),
      PLAYWRIGHT_TRANSFORM_CACHE_DIR: cache,
      FORCE_COLOR: '0',
    },
    execArgv: ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.on('message', (message) => take(message as RunnerMessage))
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal }))
    })
  } finally {
    await rm(cache, { recursive: true, force: true })
  }
}
