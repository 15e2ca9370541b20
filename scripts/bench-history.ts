import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findBaseline } from '../src/history/baseline.ts'
import { DEFAULT_RULE } from '../src/history/compare/comparable.ts'
import { readRunIndex } from '../src/history/run-index.ts'
import { exec } from '../src/lib/exec.ts'
import { runFolder } from '../src/lifecycle/run-folder.ts'
import { crash, results } from '../test/history/some-runs.ts'
import { HEADER } from '../test/verdict/passing-stream.ts'

/**
 * `node scripts/bench-history.ts [--recipes 200] [--runs 50]`: makes a state folder with so many runs of so many recipes, and prints what the memory of
 * runs takes on it, each also as a share of the time in which this machine parses the same results.
 */
const { values } = parseArgs({
  options: { recipes: { type: 'string', default: '200' }, runs: { type: 'string', default: '50' } },
})
const [recipes, runs] = [Number(values.recipes), Number(values.runs)]
const state = mkdtempSync(join(tmpdir(), 'cc-ci-history-'))
try {
  const { newest, texts } = generate()
  const parsing = timed(() => texts.forEach((text) => void JSON.parse(text)))
  const row = (what: string, ms: number) =>
    process.stdout.write(
      `${what.padEnd(44)} ${String(Math.round(ms)).padStart(7)} ms  ${(ms / parsing).toFixed(2)} of parsing all results\n`,
    )
  row(`parsing the results of ${recipes * runs} runs`, parsing)
  row(
    'index of runs, made anew',
    timed(() => readRunIndex(state)),
  )
  row(
    'index of runs, from its cache',
    timed(() => readRunIndex(state)),
  )
  const index = readRunIndex(state)
  row(
    'a baseline for the newest run of each recipe',
    timed(() => {
      for (const id of newest) {
        const after = index.runs.find((run) => run.id === id)
        if (after) findBaseline(index.runs, after, { rule: DEFAULT_RULE })
      }
    }),
  )
  for (const args of [
    ['runs', '--diff', newest[0] ?? ''],
    ['runs', '--json'],
  ]) {
    const begun = performance.now()
    await exec('bin/cc-ci', [...args, '--state', state], { deadlineMs: 600_000, maxBytes: 64 * 1024 ** 2 })
    row(`cc-ci ${args.join(' ')}`, performance.now() - begun)
  }
} finally {
  rmSync(state, { recursive: true, force: true })
}

function timed(act: () => void): number {
  const begun = performance.now()
  act()
  return performance.now() - begun
}

/** Each recipe lives one run an hour, and every seventh of them fails. */
function generate() {
  const newest: string[] = []
  const texts: string[] = []
  for (let run = 0; run < runs; run++) {
    for (let recipe = 0; recipe < recipes; recipe++) {
      const at = new Date(Date.parse('2026-11-01T00:00:00Z') + run * 3_600_000 + recipe * 1000)
      const id = `${at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)}-aaaaaa`
      const commit = String(run).padStart(40, '0')
      const header = { recipe: { ...HEADER.recipe, name: `recipe-${recipe}`, commit } }
      const made = results({ id, header, ...((run + recipe) % 7 === 0 ? { fails: { upgrade: crash } } : {}) })
      const folder = runFolder(state, id)
      mkdirSync(folder.dir, { recursive: true })
      const text = JSON.stringify(made)
      writeFileSync(folder.results, text)
      texts.push(text)
      if (run === runs - 1) newest.push(id)
    }
  }
  return { newest, texts }
}
