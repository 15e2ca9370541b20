import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { REAL_RECIPES } from '../../fixtures/recipes/build.ts'
import { openWorkshop } from './cc-ci.ts'

describe('real recipes live their whole life', () => {
  it.each(REAL_RECIPES)('%s passes with level 3 or more and all generic evidence', async (name) => {
    await using workshop = openWorkshop()
    const base = name === 'pocketbase' ? ['--base', '1.0.0+0.30.4'] : []
    const { results, exitCode, stdout } = await workshop.test([await workshop.recipe(name), ...base])
    expect(exitCode, stdout).toBe(0)
    expect(results.verdict).toBe('pass')
    expect(results.level).toBeGreaterThanOrEqual(3)
    for (const tier of ['install', 'upgrade', 'backup', 'restore', 'teardown']) {
      expect(results.tiers.find(({ id }) => id === tier)).toMatchObject({ id: tier, status: 'pass' })
    }
    expect(results.leaks).toEqual([])
    const folder = join(workshop.state, 'runs', results.run.id)
    for (const { path } of results.artifacts) expect(existsSync(join(folder, path)), path).toBe(true)
    expect(results.artifacts.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['screenshot', 'report', 'junit', 'log']),
    )
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain(results.recipe.commit.slice(0, 8))
  })
})
