import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findBaseline } from '../src/history/baseline.ts'
import { DEFAULT_RULE } from '../src/history/compare/comparable.ts'
import { readRunIndex } from '../src/history/run-index.ts'
import { exec } from '../src/lib/exec.ts'
import { sweepMarkdown } from '../src/report/sweep/markdown.ts'
import { sweepPage } from '../src/report/sweep/page.ts'
import { writeLongHistory } from '../test/history/long-history.ts'
import { longSweep } from '../test/history/sweep/long-sweep.ts'

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
  const { newest, texts } = writeLongHistory(state, { recipes, runs })
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
  const swept = longSweep(index.runs, { recipes, runs })
  row(
    `planning a sweep of ${recipes} recipes, what has changed only`,
    timed(() => swept.plan('20261130-000000-bbbbbb', 'changed')),
  )
  const { plan, records, previous } = swept.second()
  row(
    `its matrix, compared and reconciled (${plan.cells.length} cells)`,
    timed(() => swept.matrix(plan, records, previous)),
  )
  const matrix = swept.matrix(plan, records, previous)
  row(
    'its page, and the same as Markdown',
    timed(() => [sweepPage(matrix), sweepMarkdown(matrix)]),
  )
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
