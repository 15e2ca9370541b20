import { expect, test } from 'vitest'
import { appOf } from '../../src/lifecycle/plan.ts'
import { isOfStack } from '../../src/recipe/policy/own.ts'

const request = { recipe: 'x', runId: '20261130-120000-abc123' } as unknown as Parameters<typeof appOf>[1]

test('an app has a name of its own', () => {
  expect(appOf({ name: 'Other App', dir: '/' }, request)).toMatchObject({
    domain: 'other-app-abc123.ci.test',
    stack: 'other-app-abc123_ci_test',
  })
})

test("what a dependency's stack holds is not the app's to name", () => {
  const { stack } = appOf({ name: 'members', dir: '/' }, { ...request, below: 'blog-abc123_ci_test' })
  expect(stack).toBe('blog-abc123_ci_test_ccci-members')
  expect(isOfStack(`${stack}_db_password_v1`, 'blog-abc123_ci_test')).toBe(false)
  expect(isOfStack(`${stack}_db_password_v1`, stack)).toBe(true)
  // The app's own secret for it.
  expect(isOfStack('blog-abc123_ci_test_members_client_v1', 'blog-abc123_ci_test')).toBe(true)
})
