import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Hono } from 'hono'
import { pino } from 'pino'
import { systemClock } from '../../src/lib/async/clock.ts'
import { Masker } from '../../src/lib/masking/mask.ts'
import { addPages } from '../../src/server/http/pages/routes.ts'
import { createBaseMemory } from '../../src/server/memory/against-base.ts'
import { openStore } from '../../src/server/storage/open.ts'
import { createSweeps } from '../../src/server/sweep/sweeps.ts'
import { crawl, kindOf } from '../../test/server/pages/crawl.ts'
import { settingsFor } from '../../test/server/support/scene.ts'
import { seedState } from '../../test/server/support/seeded-state.ts'

/**
 * `node scripts/bench/server-pages.ts [--recipes 200] [--runs 50]`: a server's state folder with so many runs of so many recipes; prints how long its index takes
 * to be made from the folders, and of each kind of page the first and the slowest of five, each also as a share of the time in which this machine
 * parses the results of all runs.
 */
const { values } = parseArgs({
  options: { recipes: { type: 'string', default: '200' }, runs: { type: 'string', default: '50' } },
})
const [recipes, runs] = [Number(values.recipes), Number(values.runs)]
const state = mkdtempSync(join(tmpdir(), 'cc-ci-pages-'))
try {
  const { texts } = await seedState(state, { recipes, runs })
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
  const memory = createBaseMemory({ state, clock: systemClock, masker: new Masker() })
  const learning = performance.now()
  memory.learn()
  row('the memory of runs, made from the folders', performance.now() - learning)
  const app = new Hono()
  const parts = { store, settings: settingsFor(state), clock: systemClock, log: pino({ level: 'silent' }) }
  const sweeps = createSweeps({ ...parts, forge: null as never, largestWorker: async () => null })
  const services = {
    ...{ ...parts, sweeps, operations: { approvals: () => [], webhooks: async () => new Map() } as never },
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
  const times: number[] = []
  let overview = ''
  for (let visit = 0; visit < 20; visit++) {
    const begun = performance.now()
    overview = await (await app.request('/')).text()
    times.push(performance.now() - begun)
  }
  times.sort((a, b) => a - b)
  row('page /, the median of 20 that follow', times[10] ?? 0)
  row('page /, the slowest of 20 that follow', times.at(-1) ?? 0)
  process.stdout.write(
    `the overview of ${recipes} recipes: ${Math.round(Buffer.byteLength(overview) / 1024)} KiB without pictures\n`,
  )
  await store.close()
} finally {
  rmSync(state, { recursive: true, force: true })
}
