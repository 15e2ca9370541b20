import { join } from 'node:path'
import type { Canary, Disturbance } from '../canary.ts'
import { canarySteps } from '../canary-recipe.ts'
import { settings } from '../changes.ts'
import { passes, stops } from '../expect.ts'
import { buildRepository } from '../repository.ts'
import { HEALTHY } from './healthy.ts'

const APPROVED = ['--approve-code']
const UNRELEASED = { without: ['upgrade'] } as const
const infra = { ...UNRELEASED, blame: 'infra' } as const

const spec = (body: string) => ({
  'cc-ci/tests/custom/page.spec.ts': `import { expect, test } from 'cc-ci/test'\n${body}\n`,
})

/** What a recipe brings along: hooks, tests, dependencies. */
export const CUSTOM: Readonly<Record<string, Canary>> = {
  'test-passes': {
    about: 'A custom test looks at the page and finds what it looks for.',
    expect: passes({ ...UNRELEASED, besides: { functional: ['custom-tests'] } }),
    args: APPROVED,
    base: null,
    head: {
      files: spec(
        "test('says what it is', async ({ page }) => {\n  await page.goto('/')\n  await expect(page.getByText('It works.')).toBeVisible()\n})",
      ),
    },
  },
  'install-steps-fail': {
    about: 'install-steps.sh ends with 3.',
    expect: stops('install', 'hook-failed', 'install-steps', { ...UNRELEASED, says: /no key for you/ }),
    args: APPROVED,
    base: null,
    head: { files: { 'cc-ci/install-steps.sh': 'echo "no key for you" >&2\nexit 3\n' } },
  },
  'unapproved-test': {
    about: 'The recipe brings a test that nobody has approved.',
    expect: stops('functional', 'code-refused', 'custom-tests', infra),
    base: null,
    head: { files: spec("test('never runs', () => expect(1).toBe(2))") },
  },
  'test-fails': {
    about: 'A custom test asks for a text that is not there.',
    expect: stops('functional', 'test-failed', null, { ...UNRELEASED, besides: { functional: ['custom-tests'] } }),
    args: APPROVED,
    base: null,
    head: {
      files: spec(
        "test('has a search box', async ({ page }) => {\n  await page.goto('/')\n  expect(await page.getByRole('searchbox').count()).toBe(1)\n})",
      ),
    },
  },
  'tests-only-skip': {
    about: 'The only custom test skips itself.',
    expect: stops('functional', 'no-tests-ran', 'custom-tests', { ...UNRELEASED, verdict: 'unverified' }),
    args: APPROVED,
    base: null,
    head: { files: spec("test.skip('later', () => expect(1).toBe(1))") },
  },
  'dependency-down': {
    about: 'Depends on another recipe, which answers 404.',
    expect: stops('integration', 'dep-failed', 'deps-there', infra),
    args: APPROVED,
    base: null,
    head: {
      files: {
        ...settings('deps: [other]\n'),
        ...spec("test('needs it', { tag: '@integration' }, ({ deps }) => expect(deps.other).toBeDefined())"),
      },
    },
    disturbance: otherRecipe('health:\n  path: /not-there\n', 'that answers 404'),
  },
  'brings-all': {
    about: 'Has install steps, a test of its own and one that needs another recipe: all of them are fine.',
    expect: passes({
      ...UNRELEASED,
      besides: {
        install: ['install-steps'],
        functional: ['custom-tests'],
        integration: ['deps-there', 'custom-tests'],
      },
    }),
    args: APPROVED,
    base: null,
    head: {
      files: {
        ...settings('deps: [other]\n'),
        'cc-ci/install-steps.sh': 'echo "nothing to do"\n',
        ...spec(
          "test('needs nothing', async ({ page }) => {\n  await page.goto('/')\n  await expect(page.getByText('It works.')).toBeVisible()\n})\ntest('needs it', { tag: '@integration' }, async ({ deps, request }) => {\n  expect((await request.get(deps.other.baseUrl + '/ok.txt')).status()).toBe(200)\n})",
        ),
      },
    },
    disturbance: otherRecipe('health:\n  path: /ok.txt\n', 'that is healthy'),
  },
}

/** The operator's folder of recipes with one recipe in it, which may be depended on. */
function otherRecipe(own: string, which: string): Disturbance {
  return {
    what: `the operator's folder holds a recipe \`other\` ${which}`,
    async prepare({ dir, args }) {
      const recipes = join(dir, 'recipes')
      const other = { ...(HEALTHY.healthy as Canary), base: null, head: { files: { 'cc-ci/cc-ci.yml': own } } }
      await buildRepository(canarySteps('other', other), join(recipes, 'other'))
      args.push('--recipes', recipes)
    },
  }
}
