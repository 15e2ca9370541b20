import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findBaseline } from '../../src/history/baseline.ts'
import { DEFAULT_RULE } from '../../src/history/compare/comparable.ts'
import { flakeMemory } from '../../src/history/flakes/memory.ts'
import { readRunIndex } from '../../src/history/run-index.ts'
import { weekOf } from '../../src/history/weekly/week.ts'
import { weeklyHeadlines, weeklyReport } from '../../src/history/weekly/weekly.ts'
import { timeOfRunId } from '../../src/lib/ids.ts'
import { exec } from '../../src/lib/process/exec.ts'
import { sweepMarkdown } from '../../src/report/sweep/markdown.ts'
import { sweepReportPage } from '../../src/report/sweep/page.ts'
import { weeklyFeed } from '../../src/report/weekly/atom.ts'
import { weeklyHtml } from '../../src/report/weekly/html.ts'
import { weeklyMarkdown } from '../../src/report/weekly/markdown.ts'
import { writeLongHistory } from '../../test/history/long-history.ts'
import { longSweep } from '../../test/history/sweep/long-sweep.ts'

/**
 * `node scripts/bench/history.ts [--recipes 200] [--runs 50]`: makes a state folder with so many runs of so many recipes, and prints what the memory of
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
    'index of runs, made again',
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
    timed(() => [sweepReportPage(matrix), sweepMarkdown(matrix)]),
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
  row(
    'what is remembered of every tier and test',
    timed(() => flakeMemory(index.runs)),
  )
  const week = weekOf(timeOfRunId(newest[0] ?? ''))
  row(
    'the report of a week, as data',
    timed(() => weeklyReport(index, week)),
  )
  const weeks = Array.from({ length: 26 }, (_, at) => weekOf(week.from - at * 7 * 86_400_000))
  row(
    'the first lines of 26 weeks',
    timed(() => weeklyHeadlines(index.runs, weeks)),
  )
  const report = weeklyReport(index, week)
  row(
    'the same as a page, as Markdown and in a feed',
    timed(() => {
      const link = (run: string) => `https://ci.example.org/runs/${run}`
      weeklyHtml(report, link)
      weeklyMarkdown(report, link)
      weeklyFeed([report], { publicUrl: 'https://ci.example.org', link })
    }),
  )
  for (const args of [
    ['runs', '--diff', newest[0] ?? ''],
    ['runs', '--json'],
    ['runs', '--flaky'],
    ['report', '--week', week.id],
  ]) {
    const begun = performance.now()
    await exec('bin/cc-ci', [...args, '--state', state], { timeoutMs: 600_000, maxBytes: 64 * 1024 ** 2 })
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
