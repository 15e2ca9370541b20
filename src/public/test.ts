import {
  test as base,
  expect,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  type TestType,
} from '@playwright/test'
import { SandboxError } from '../inside/errors/sandbox-error.ts'
import { execIn } from '../inside/rpc/exec.ts'
import { call } from '../inside/rpc/rpc.ts'
import { type RunFacts, runFacts } from '../inside/rpc/run-facts.ts'
import { depObjects, tagAdvice } from '../inside/tests/dep-objects.ts'
import type { App, AppService } from './app.ts'
import type { Ctx, Operation } from './ctx.ts'
import type { Deps } from './deps.ts'

export type { App, AppService } from './app.ts'
export type { AppState, Ctx, ExecOptions, ExecResult, Operation } from './ctx.ts'
export type { Credentials, Deps, Keycloak, Mail, Smtp } from './deps.ts'

/** What a test may ask for, besides `page`, `request` and all else of Playwright Test. */
export interface Fixtures {
  /**
   * The deployed app: run a program in one of its services, read logs, list services.
   * @example test('has a table', async ({ app }) => { await app.exec('db', ['psql', '-c', 'select 1 from items']) })
   */
  readonly app: App
  /**
   * Name, version label and commit of the recipe under test.
   * @example test('shows its version', async ({ page, recipe }) => { await expect(page.getByText(recipe.name)).toBeVisible() })
   */
  readonly recipe: Ctx['recipe']
  /**
   * All settings that are data, defaults included; durations in milliseconds.
   * @example test('serves', async ({ request, config }) => { await request.get((config.health as { path: string }).path) })
   */
  readonly config: Ctx['config']
  /**
   * What the operation of the tier saw before and after. A test that asks for it is skipped, with the reason, when there was no operation.
   * @example test('is newer', async ({ op }) => { expect(op.after?.version).not.toBe(op.before?.version) })
   */
  readonly op: Operation
  /**
   * Credentials of the declared dependencies, and what they can be asked. The test needs the tag `@integration`, or that of the dependency.
   * @example test('sends mail', { tag: '@integration' }, async ({ deps }) => { expect(await deps.smtp.messages()).toHaveLength(1) })
   */
  readonly deps: Deps
}

type Test = TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & Fixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions
>

const NO_OPERATION = 'there was no operation before this test: it runs alone, or belongs to no operation'

/**
 * Playwright Test's `test` with the fixtures of cc-ci; `page`, `context` and `request` start at the app's address and trust its certificate.
 * @example test('greets', async ({ page }) => { await page.goto('/'); await expect(page).toHaveTitle(/Todo/) })
 */
export const test: Test = base.extend<Fixtures, { facts: RunFacts }>({
  // Playwright Test reads the fixtures that a function asks for from its first parameter and takes nothing but a pattern.
  // biome-ignore lint/correctness/noEmptyPattern: it asks for none.
  facts: [async ({}, use) => use(await runFacts()), { scope: 'worker' }],
  baseURL: ({ facts }, use) => use(facts.baseUrl),
  app: ({ facts }, use) => use(appOf(facts)),
  recipe: ({ facts }, use) => use(facts.recipe),
  config: ({ facts }, use) => use(facts.config),
  op: async ({ facts: { op } }, use, { skip }) => {
    if (op === null) return skip(true, NO_OPERATION)
    await use(op)
  },
  deps: async ({ facts }, use, { tags, skip }) => {
    const advice = tagAdvice(tags, facts)
    if (advice) throw new SandboxError('deps-untagged', advice)
    await use(depObjects(facts, (reason) => skip(true, reason)) as Deps)
  },
})

function appOf({ baseUrl }: RunFacts): App {
  return Object.freeze({
    baseUrl,
    exec: execIn,
    logs: async (service: string) => (await call('logs', { service })) as string,
    services: async () => (await call('services')) as readonly AppService[],
  })
}

/**
 * Playwright Test's assertions.
 * @example await expect(page.getByRole('heading')).toBeVisible()
 */
export { expect }
