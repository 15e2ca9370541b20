import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRecipe } from '../../fixtures/recipes/build.ts'

/** `npm run demo`: sets the machine up, then judges a real app: PocketBase, upgraded over real data migrations. */
const started = Date.now()
const node = ['--disable-warning=ExperimentalWarning'] as const
const setup = spawnSync(process.execPath, [...node, 'scripts/setup/setup.ts', '--for', 'pocketbase'], {
  stdio: 'inherit',
})
if (setup.status !== 0) {
  process.stdout.write(`\ndemo: FAILED: the set-up ${howEnded(setup)}\n`)
  process.exit(setup.status ?? 1)
}
const dir = mkdtempSync(join(tmpdir(), 'cc-ci-demo-'))
try {
  const recipe = await buildRecipe('pocketbase', join(dir, 'pocketbase'))
  process.stdout.write('\nJudging PocketBase: cc-ci test ./pocketbase --base 1.0.0+0.30.4\n\n')
  const run = spawnSync(process.execPath, [...node, 'src/cli/main.ts', 'test', recipe.dir, '--base', '1.0.0+0.30.4'], {
    stdio: 'inherit',
  })
  process.exitCode = run.status ?? 1
  if (run.status !== 0) process.stdout.write(`\ndemo: FAILED: cc-ci test ${howEnded(run)}\n`)
} finally {
  rmSync(dir, { recursive: true, force: true })
}
process.stdout.write(`\ndemo: ${((Date.now() - started) / 1000).toFixed(0)} s\n`)

function howEnded({ error, signal, status }: ReturnType<typeof spawnSync>): string {
  if (error) return `could not be started: ${error.message}`
  return signal ? `was ended by ${signal}` : `ended with ${status}`
}
