import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildRepository } from '../../src/canaries/repository.ts'
import { type Tweak, tinyRecipe } from '../../src/canaries/tiny.ts'
import { listRuns, runFolder } from '../../src/lifecycle/run-folder.ts'
import { openWorkshop } from './cc-ci.ts'

const KEPT = ['junit.xml', 'report.html', 'results.json']

test('--results puts report, results and JUnit of a run there, and of several runs into a folder for each', async () => {
  await using workshop = openWorkshop()
  const { dir } = await buildRepository(tinyRecipe({ name: 'tiny', base: {}, head: {} }), join(workshop.dir, 'tiny'))
  const one = join(workshop.dir, 'new', 'one')
  const run = await workshop.run(['test', dir, '--only', 'lint', '--results', one])
  expect(run, run.stdout + run.stderr).toMatchObject({ exitCode: 0 })
  expect(readdirSync(one).sort()).toEqual(KEPT)
  const [id = ''] = listRuns(workshop.state)
  expect(readFileSync(join(one, 'report.html'))).toEqual(readFileSync(runFolder(workshop.state, id).report))

  const several = join(workshop.dir, 'several')
  const runs = await workshop.run(['test', dir, '--only', 'lint', '--base', 'all-minors', '--results', several])
  const [newest = ''] = listRuns(workshop.state)
  expect(readdirSync(several), runs.stdout + runs.stderr).toEqual([newest])
  expect(readdirSync(join(several, newest)).sort()).toEqual(KEPT)
})

test('a red run says since when it is red, and its report does, by the runs of this machine', async () => {
  await using workshop = openWorkshop()
  const withoutRule: Tweak = {
    compose: ({ services: { app } }) => {
      for (const label of Object.keys(app.deploy.labels)) if (label.endsWith('.rule')) delete app.deploy.labels[label]
    },
  }
  const { dir } = await buildRepository(
    tinyRecipe({ name: 'tiny', base: {}, head: withoutRule }),
    join(workshop.dir, 'tiny'),
  )
  for (const said of ['since: this run;', '2 runs in a row;']) {
    const { exitCode, stdout, stderr } = await workshop.run(['test', dir, '--only', 'lint'])
    expect(exitCode, stdout + stderr).toBe(1)
    expect(stdout).toContain(said)
  }
  expect((await workshop.run(['runs', 'last'])).stdout).toContain('2 runs in a row;')
  const [second = '', first = ''] = listRuns(workshop.state)
  const page = (run: string) => readFileSync(runFolder(workshop.state, run).report, 'utf8')
  expect(page(first)).toContain('<dt>Since</dt><dd>this run; it passed in no earlier run that is kept</dd>')
  expect(page(second)).toMatch(new RegExp(`<dt>Since</dt><dd>[-0-9]+ \\(run ${first}, .*, 2 runs in a row;`))
})

test('--results with a folder that cannot be made is refused before anything runs', async () => {
  await using workshop = openWorkshop()
  const file = join(workshop.dir, 'file')
  writeFileSync(file, '')
  const { exitCode, stderr } = await workshop.run(['test', '.', '--results', join(file, 'below')])
  expect(exitCode).toBe(2)
  expect(stderr).toMatch(/--results: nothing can be kept in .*\n {2}Name a folder/)
  expect(listRuns(workshop.state)).toEqual([])
})
