import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Hono } from 'hono'
import { pino } from 'pino'
import { readRunIndex } from '../src/history/run-index.ts'
import { systemClock } from '../src/lib/clock.ts'
import { Masker } from '../src/lib/mask.ts'
import { runFolder } from '../src/lifecycle/run-folder.ts'
import type { RunOutcome, RunRequest } from '../src/server/contract/request.ts'
import { addPages } from '../src/server/http/pages/routes.ts'
import { makeBaseMemory } from '../src/server/memory/against-base.ts'
import { openStore } from '../src/server/storage/open.ts'
import { makeSweeps } from '../src/server/sweep/sweeps.ts'
import type { Results } from '../src/verdict/results.ts'
import { writeLongHistory } from '../test/history/long-history.ts'
import { writeLongSweep } from '../test/history/sweep/long-sweep.ts'
import { crawl, kindOf } from '../test/server/pages/crawl.ts'
import { settingsFor } from '../test/server/support/scene.ts'

/**
 * `node scripts/bench-pages.ts [--recipes 200] [--runs 50]`: a server's state folder with so many runs of so many recipes; prints how long its index takes
 * to be made from the folders, and of each kind of page the first and the slowest of five, each also as a share of the time in which this machine
 * parses the results of all runs.
 */
const { values } = parseArgs({
  options: { recipes: { type: 'string', default: '200' }, runs: { type: 'string', default: '50' } },
})
const [recipes, runs] = [Number(values.recipes), Number(values.runs)]
const state = mkdtempSync(join(tmpdir(), 'cc-ci-pages-'))
const PULL = { number: 1, headRef: 'change', baseRef: 'main', comment: null, author: null }
const each = ({ run, recipe, verdict, level }: Results) => {
  const request: RunRequest = {
    ...{ schema: 1, id: run.id, attemptOf: null, at: run.startedAt, priority: 'sweep' },
    // Each is compared with the newest run before it, as that of a pull request is with its base.
    pull: { ...PULL, target: { tip: recipe.commit, fork: recipe.commit } },
    ...{ repository: `coop/${recipe.name}`, commit: recipe.commit, base: 'auto', quick: false },
    ...{ memoryBytes: 1024 ** 3, deadlineMs: 3_600_000 },
  }
  const outcome: RunOutcome = {
    ...{ schema: 1, id: run.id, state: 'done', verdict, level, cause: null, tier: null, message: 'it ended' },
    ...{ finishedAt: run.finishedAt, folder: run.id, attempts: 1, teardown: 'clean' },
  }
  const { dir } = runFolder(state, run.id)
  const claimed = { schema: 1, attempt: 1, at: run.startedAt, worker: 'one', harness: '0' }
  for (const [name, document] of Object.entries({ request, outcome, claimed }))
    writeFileSync(join(dir, `${name}.json`), JSON.stringify(document))
}
try {
  const { texts } = writeLongHistory(state, { recipes, runs, each })
  await writeLongSweep(state, readRunIndex(state).runs, { recipes, runs })
  const begun = performance.now()
  for (const text of texts) JSON.parse(text)
  const parsing = performance.now() - begun
  const row = (what: string, ms: number) =>
    process.stdout.write(
      `${what.padEnd(44)} ${String(Math.round(ms)).padStart(7)} ms  ${(ms / parsing).toFixed(2)} of parsing all results\n`,
    )
  row(`parsing the results of ${recipes * runs} runs`, parsing)
  const opened = performance.now()
  const store = await openStore({ state, databaseUrl: null })
  row('a database, made from the folders', performance.now() - opened)
  const memory = makeBaseMemory({ state, clock: systemClock, masker: new Masker() })
  const learning = performance.now()
  memory.learn()
  row('the memory of runs, made from the folders', performance.now() - learning)
  const app = new Hono()
  const parts = { store, settings: settingsFor(state), clock: systemClock, log: pino({ level: 'silent' }) }
  const sweeps = makeSweeps({ ...parts, forge: null as never, largestWorker: async () => null })
  const services = {
    ...{ ...parts, sweeps, operations: null as never },
    retention: { seen: () => ({ disk: null, trouble: null }) },
    memory,
  }
  addPages(app, services, { viewer: () => ({ operator: null, csrf: '' }), sender: () => null })
  const kinds = new Map<string, number[]>()
  for (const [path, { ms, status }] of await crawl(app, 5)) {
    if (status !== 200) throw new Error(`${path}: ${status}`)
    kinds.set(kindOf(path), [...(kinds.get(kindOf(path)) ?? []), ms])
  }
  for (const [kind, all] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    row(`page ${kind}, the first`, all[0] ?? 0)
    row(`page ${kind}, the slowest of ${all.length}`, Math.max(...all))
  }
  await store.close()
} finally {
  rmSync(state, { recursive: true, force: true })
}
