import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pruneRuns } from '../../src/history/retention/prune.ts'
import { formatSize } from '../../src/lib/text/size.ts'
import { DAY_MS, generateRun, idAt, NOW } from '../../test/history/retention/generated.ts'

/**
 * How long a prune of many runs takes: `node scripts/bench/prune.ts [RECIPES=200] [RUNS=50]`. One run of each recipe a week, the newest today. Asked are
 * the look alone, the first prune, which removes the older half, and the next one, which has nothing to do.
 */
const recipes = Number(process.argv[2] ?? 200)
const runs = Number(process.argv[3] ?? 50)
const WEEK_MS = 7 * DAY_MS

const state = mkdtempSync(join(tmpdir(), 'cc-ci-bench-'))
try {
  for (let run = 0; run < runs; run++) {
    for (let recipe = 0; recipe < recipes; recipe++)
      generateRun(state, { id: idAt(NOW - run * WEEK_MS, recipe), recipe: `recipe-${recipe}` })
  }
  const policy = { olderThanMs: (runs / 2) * WEEK_MS, maxBytes: null }
  const options = { state, policy, clock: { now: () => NOW } }
  for (const [name, dryRun] of [
    ['look', true],
    ['first prune', false],
    ['next prune', false],
    ['next look', true],
  ] as const) {
    const begun = performance.now()
    const { pruned, before, after } = await pruneRuns({ ...options, dryRun })
    const seconds = ((performance.now() - begun) / 1000).toFixed(2)
    const freed = formatSize(before.bytes - after.bytes)
    process.stdout.write(
      `${name.padEnd(12)} ${seconds.padStart(7)} s  ${pruned.length} of ${before.runs} runs, ${freed}\n`,
    )
  }
} finally {
  rmSync(state, { recursive: true, force: true })
}
