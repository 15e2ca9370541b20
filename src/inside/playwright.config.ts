import { join } from 'node:path'
import { defineConfig } from '@playwright/test'
import { chromiumOptions } from './browser/chromium.ts'
import { codeRoot } from './code-root.ts'
import { readTestPlan } from './tests/test-plan.ts'

const { files, output, testTimeoutMs, grep } = readTestPlan()

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Nothing of this can be changed by a recipe: no config file, no tsconfig.json and no ignore file of its folder is read. */
// biome-ignore lint/style/noDefaultExport: Playwright Test takes the config from there.
export default defineConfig({
  testDir: codeRoot(),
  testMatch: files.map((file) => new RegExp(`^${literal(file)}$`)),
  ...(grep === undefined ? {} : { grep: new RegExp(grep) }),
  respectGitIgnore: false,
  tsconfig: join(import.meta.dirname, 'tsconfig.json'),
  outputDir: output,
  snapshotPathTemplate: join(output, 'snapshots', '{testFilePath}', '{arg}{ext}'),
  updateSnapshots: 'none',
  timeout: testTimeoutMs,
  expect: { timeout: 10_000 },
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: './reporter.ts',
  use: {
    ignoreHTTPSErrors: true,
    // The app has a private address here, and a public one where people use it: a page of another site that uses it is to find it without asking anybody.
    permissions: ['local-network-access'],
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    video: 'off',
    launchOptions: chromiumOptions(),
  },
})
