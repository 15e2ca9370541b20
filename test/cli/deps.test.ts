import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { commitAll, tierOf, tinkered, write } from './tinkered.ts'

const USES = (name: string) => `import { expect, test } from 'cc-ci/test'
test('reaches what it depends on', { tag: '@integration' }, async ({ deps, request }) => {
  const answer = await request.get(deps['${name}'].baseUrl + '/ok.txt')
  expect(await answer.text()).toBe('ok\\n')
})
test('needs nothing', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByText('It works.')).toBeVisible()
})
`

/** A folder of recipes as an operator has it: the recipe `other` with these settings of its own. */
async function withOther(workshop: Workshop, settings: string): Promise<string> {
  const recipes = join(workshop.dir, 'recipes')
  mkdirSync(recipes)
  const { dir } = await buildRecipe('healthy', join(recipes, 'other'))
  write(dir, { 'cc-ci/cc-ci.yml': settings })
  await commitAll(dir)
  return recipes
}

/** A run of a recipe with these settings that depends on `other` and whose tests reach it. */
async function judgedBesideOther(workshop: Workshop, otherSettings: string, settings: string) {
  const recipes = await withOther(workshop, otherSettings)
  const dir = await tinkered(workshop, {
    'cc-ci/cc-ci.yml': settings,
    'cc-ci/tests/custom/other.spec.ts': USES('other'),
  })
  return workshop.test([dir, '--base', 'none', '--recipes', recipes, '--approve-code'])
}

describe('dependencies', () => {
  it('a recipe comes up with its own settings, is reached by tests, and goes with the run', async () => {
    await using workshop = openWorkshop()
    const other = 'health:\n  path: /ok.txt\n'
    const { results, exitCode, stdout } = await judgedBesideOther(workshop, other, 'deps: [other]\n')
    expect(exitCode, stdout).toBe(0)
    expect(tierOf(results, 'integration')).toMatchObject({
      status: 'pass',
      tests: [{ title: 'reaches what it depends on', status: 'passed' }],
    })
    expect(tierOf(results, 'functional')).toMatchObject({ status: 'pass', tests: [{ title: 'needs nothing' }] })
    expect(results.customization.deps).toEqual(['other'])
    expect(results.leaks).toEqual([])
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it('one that does not come up leaves the other tiers judged, and integration is never green', async () => {
    await using workshop = openWorkshop()
    const other = 'health:\n  path: /not-there\n'
    const { results, exitCode, stdout } = await judgedBesideOther(workshop, other, 'deps: [other]\n')
    expect(exitCode, stdout).toBe(3)
    for (const tier of ['install', 'backup', 'restore', 'functional'])
      expect(tierOf(results, tier).status, tier).toBe('pass')
    const { status, cause } = tierOf(results, 'integration')
    expect({ status, code: cause?.code, blame: cause?.blame }).toEqual({
      status: 'unverified',
      code: 'dep-failed',
      blame: 'infra',
    })
    expect(cause?.message).toMatch(/other did not come up: .*the app answers 404/)
    expect(results.leaks).toEqual([])
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it.each([
    ['unknown', 'deps: [keyclok]\n', /keyclok.*\n.*keycloak/],
    ['a circle', 'deps: [other]\n', /healthy needs other needs healthy/],
    ['itself', 'deps: [healthy]\n', /itself|healthy needs healthy/],
  ])('%s: refused before anything is made', async (_, settings, says) => {
    await using workshop = openWorkshop()
    const recipes = await withOther(workshop, 'deps: [healthy]\n')
    const { dir } = await buildRecipe('healthy', join(recipes, 'healthy'))
    write(dir, { 'cc-ci/cc-ci.yml': settings })
    const done = await workshop.run(['test', dir, '--recipes', recipes])
    expect(done.exitCode, done.stdout + done.stderr).toBe(2)
    expect(done.stderr).toMatch(says)
  })
})
