import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { loadSettings } from '../../src/config/load.ts'
import { newRunId } from '../../src/lib/ids.ts'
import { execOk } from '../../src/lib/process/exec.ts'
import { planRun } from '../../src/lifecycle/plan.ts'

const ROUNDS = 9
const ROOT = join(import.meta.dirname, '..', '..')
const QUIET = '--disable-warning=ExperimentalWarning'

/** What is measured, in turns, so that all meet the same machine: the first is what the others are compared with. */
function subjects(recipe: string, dir: string): Readonly<Record<string, () => Promise<unknown>>> {
  const node = (...args: string[]) => execOk(process.execPath, [QUIET, ...args], { timeoutMs: 60_000, cwd: ROOT })
  const load = `const { loadSettings } = await import('./src/config/load.ts')
await loadSettings({ recipeDir: ${JSON.stringify(recipe)}, recipeName: 'todo' })`
  let round = 0
  return {
    'an empty process': () => node('--eval', '0'),
    'a process that loads the settings': () => node('--input-type=module', '--eval', load),
    'cc-ci --version': () => node('src/cli/main.ts', '--version'),
    'cc-ci plan': () => node('src/cli/main.ts', 'plan', recipe),
    'load, in a warm process': () => loadSettings({ recipeDir: recipe, recipeName: 'todo' }),
    'load + plan, in a warm process': () => {
      round += 1
      const tmp = join(dir, String(round))
      const folder = {
        checkout: join(tmp, 'checkout'),
        checkoutBase: join(tmp, 'checkout-base'),
        checkoutVia: join(tmp, 'via'),
        tmp,
      }
      return planRun({ recipe, base: 'auto', runId: newRunId(Date.now()), folder })
    },
  }
}

async function measure(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

const dir = mkdtempSync(join(tmpdir(), 'cc-ci-bench-'))
try {
  const { dir: recipe } = await buildRecipe('todo', join(dir, 'todo'))
  const all = Object.entries(subjects(recipe, dir))
  const times = new Map(all.map(([name]) => [name, [] as number[]]))
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, work] of all) {
      const taken = await measure(work)
      // The first round fills the caches.
      if (round > 0) times.get(name)?.push(taken)
    }
  }
  const base = median(times.get(all[0]?.[0] ?? '') ?? [])
  for (const [name, taken] of times) {
    const middle = median(taken)
    const line = `${name.padEnd(36)}${middle.toFixed(1).padStart(8)} ms${(middle / base).toFixed(2).padStart(8)} x`
    process.stdout.write(`${line}   (fastest ${Math.min(...taken).toFixed(1)} ms)\n`)
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
