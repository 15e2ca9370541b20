import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openWorkshop } from '../cli/cc-ci.ts'
import { config } from './loading.ts'

test('cc-ci plan ends with 2 and every problem of both sides, and runs nothing of the recipe', async () => {
  await using workshop = openWorkshop()
  const recipe = await workshop.recipe('healthy')
  const operator = join(workshop.dir, 'recipes/healthy')
  rmSync(join(recipe, 'cc-ci'), { recursive: true, force: true })
  mkdirSync(join(recipe, 'cc-ci/tests/custom'), { recursive: true })
  mkdirSync(operator, { recursive: true })
  const witness = join(workshop.dir, 'was-run')
  const top = `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(witness)}, '')`
  writeFileSync(join(recipe, 'cc-ci/cc-ci.config.ts'), config('{ canonical: isGreen(), deps: ["keyclok"] }', top))
  writeFileSync(join(recipe, 'cc-ci/tests/custom/login.test.ts'), `${top}\n`)
  writeFileSync(join(operator, 'cc-ci.yml'), 'HEALTH_PATH: /up\n')
  const done = await workshop.run(['plan', recipe, '--recipes', join(workshop.dir, 'recipes')])
  expect(done.exitCode, done.stdout).toBe(2)
  expect(done.stderr).toMatch(/cc-ci\/cc-ci\.config\.ts:4:\d+: "isGreen\(\)" would have to be run/)
  expect(done.stderr).toMatch(/unknown dependency keyclok\n.*Did you mean keycloak\?/)
  expect(done.stderr).toMatch(/login\.test\.ts: is a test at a place where tests are not run/)
  expect(done.stderr).toMatch(/healthy\/cc-ci\.yml:1:1: unknown setting HEALTH_PATH\n.*It is health\.path now/)
  expect(() => writeFileSync(witness, '', { flag: 'wx' })).not.toThrow()
})
