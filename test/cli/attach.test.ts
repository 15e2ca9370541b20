import { expect, it } from 'vitest'
import { execOk } from '../../src/lib/exec.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { tierOf, tinkered, write } from './tinkered.ts'

const SPEC = `import { expect, test } from 'cc-ci/test'
test('it works', async ({ page, app }) => {
  await page.goto('/')
  await expect(page.getByText('It works.')).toBeVisible()
  expect((await app.services()).map(({ service }) => service)).toEqual(['app'])
})
test('what the operation saw', async ({ op }) => {
  expect(op.name).toBe('never')
})
`

it('the custom tests run alone against the app of a kept run, again and again, and leave it as it is', async () => {
  await using workshop = openWorkshop()
  const dir = await tinkered(workshop, { 'cc-ci/tests/custom/works.spec.ts': SPEC })
  const kept = await workshop.test([dir, '--only', 'install', '--keep', '--approve-code'])
  expect(kept.exitCode, kept.stdout).toBe(0)
  const { id } = kept.results.run
  const stack = await servicesOf(kept.results.run.stack)
  write(dir, { 'cc-ci/tests/custom/works.spec.ts': SPEC.replace('It works.', 'It never works.') })
  const attach = ['--only', 'functional', '--attach', id, '--approve-code']
  const failed = await workshop.test([dir, ...attach])
  expect(tierOf(failed.results, 'functional')).toMatchObject({ status: 'fail', cause: { code: 'test-failed' } })
  write(dir, { 'cc-ci/tests/custom/works.spec.ts': SPEC })
  const passed = await workshop.test([dir, ...attach])
  expect(passed.exitCode, passed.stdout).toBe(0)
  const again = await workshop.test([dir, '--attach', 'last', '--approve-code'])
  expect(again.exitCode, again.stdout).toBe(0)
  expect(tierOf(passed.results, 'functional')).toMatchObject({
    status: 'pass',
    tests: [
      { title: 'it works', status: 'passed' },
      { title: 'what the operation saw', status: 'skipped', reason: expect.stringMatching(/operation/) },
    ],
  })
  for (const tier of ['install', 'upgrade', 'backup', 'restore'])
    expect(tierOf(passed.results, tier).status).toBe('skip')
  expect(tierOf(passed.results, 'teardown').status).toBe('pass')
  expect(await servicesOf(kept.results.run.stack)).toEqual(stack)
  await afterwards(workshop, dir, id)
})

async function afterwards(workshop: Workshop, dir: string, id: string): Promise<void> {
  const wrong = await workshop.run(['test', dir, '--only', 'upgrade', '--attach', id])
  expect(wrong.stderr).toMatch(/upgrade cannot be judged on the app of another run/)
  expect((await workshop.run(['gc', id])).exitCode).toBe(0)
  expect(await leftOnEngine(workshop)).toEqual([])
  const gone = await workshop.run(['test', dir, '--attach', id])
  expect(gone.exitCode).toBe(2)
  expect(gone.stderr).toMatch(/has left no app up/)
}

async function servicesOf(stack: string): Promise<string> {
  const format = ['--format', '{{.ID}} {{.Name}}']
  return (await execOk('docker', ['stack', 'services', stack, ...format], { deadlineMs: 30_000 })).stdout
}
