import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureFixtureImages } from '../../fixtures/images/index.ts'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { InfraError } from '../../src/lib/errors.ts'
import { parseResults, type Results } from '../../src/verdict/results.ts'

/**
 * How much sooner a quick run and a resumed one answer than a cold one: `node scripts/bench/quick-and-resumed-runs.ts [RECIPE...]` (default: three of real software).
 * For each recipe in turn, with default settings: the release before head is judged and kept as a canonical; then head cold, head quick, head cold with a
 * test of ours that fails at the end, and that run continued with once the test is right. Ratios are of one machine within one run. Exits with 1 where a run
 * did not end as it must.
 */
const RECIPES = ['pocketbase', 'custom-html', 'todo']
const BASES: Readonly<Record<string, string>> = {
  pocketbase: '2.0.0+0.36.9',
  todo: '1.0.0+1.0.0',
  'custom-html': '1.0.0+1.22.1',
}

interface Lane {
  readonly seconds: number
  readonly results: Results
}

const names = process.argv.slice(2).length > 0 ? process.argv.slice(2) : RECIPES
const dir = mkdtempSync(join(tmpdir(), 'cc-ci-lanes-'))
const wrong: string[] = []
try {
  await ensureFixtureImages(undefined, { log: say })
  say('recipe        lane       seconds  of cold  verdict     judged')
  for (const name of names) await compare(name)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
for (const line of wrong) say(`!! ${line}`)
process.exitCode = wrong.length > 0 ? 1 : 0

async function compare(name: string): Promise<void> {
  const recipe = (await buildRecipe(name, join(dir, name))).dir
  const spec = join(recipe, 'cc-ci/tests/custom/zz-bench.spec.ts')
  mkdirSync(join(recipe, 'cc-ci/tests/custom'), { recursive: true })
  const kept = run(recipe, ['--ref', BASES[name] ?? 'none', '--promote'])
  expect(name, 'canonical', kept, 'pass')
  writeFileSync(spec, specThat('passes'))
  const cold = run(recipe, ['--no-canonical'])
  show(name, 'cold', cold, cold)
  expect(name, 'cold', cold, 'pass')
  const quick = run(recipe, ['--quick'])
  show(name, 'quick', quick, cold)
  expect(name, 'quick', quick, 'pass')
  if (quick.results.base?.source !== 'canonical') wrong.push(`${name} quick: it did not begin with a canonical`)
  writeFileSync(spec, specThat('fails'))
  // Where a hook destroys data before the restore, the app is kept by request alone.
  const failed = run(recipe, ['--no-canonical', '--no-repeat', ...(name === 'todo' ? ['--checkpoints'] : [])])
  expect(name, 'failed', failed, 'fail')
  writeFileSync(spec, specThat('passes'))
  const resumed = run(recipe, ['--resume', failed.results.run.id])
  show(name, 'resumed', resumed, cold)
  expect(name, 'resumed', resumed, 'pass')
}

function specThat(does: 'passes' | 'fails'): string {
  return `import { expect, test } from 'cc-ci/test'
test('bench: the page has a body', async ({ page }) => {
  await page.goto('/')
  await expect(page.locator('${does === 'passes' ? 'body' : '#no-such-element'}')).toHaveCount(1, { timeout: 5000 })
})
`
}

function run(recipe: string, args: readonly string[]): Lane {
  const json = join(dir, 'results.json')
  rmSync(json, { force: true })
  const began = performance.now()
  const cli = ['--disable-warning=ExperimentalWarning', 'src/cli/main.ts', 'test', recipe, '--approve-code']
  const { status, stderr } = spawnSync(process.execPath, [...cli, ...args, '--json', json], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, CC_CI_STATE: join(dir, 'state') },
  })
  const seconds = (performance.now() - began) / 1000
  try {
    return { seconds, results: parseResults(JSON.parse(readFileSync(json, 'utf8')), json) }
  } catch (error) {
    throw new InfraError(
      'no-results',
      `cc-ci test ${args.join(' ')} ended with ${status} and left no results:\n${stderr}`,
      {
        cause: error,
      },
    )
  }
}

function expect(name: string, lane: string, { results }: Lane, verdict: Results['verdict']): void {
  if (results.verdict !== verdict || results.attempts)
    wrong.push(`${name} ${lane}: ${results.verdict}${results.attempts ? ', at a second attempt' : ''}, not ${verdict}`)
}

function show(name: string, lane: string, { seconds, results }: Lane, cold: Lane): void {
  const judged = results.tiers.filter(({ status }) => status !== 'skip').map(({ id }) => id)
  say(
    [
      name.padEnd(12),
      lane.padEnd(9),
      seconds.toFixed(1).padStart(8),
      `${((100 * seconds) / cold.seconds).toFixed(0)} %`.padStart(7),
      ` ${results.verdict.padEnd(10)}`,
      judged.join(' '),
    ].join('  '),
  )
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
