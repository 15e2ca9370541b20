import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatDuration } from '../../src/lib/text/duration.ts'
import { openStore } from '../../src/server/storage/open.ts'
import { figuresOf, type Waits } from './queue-simulation/figures.ts'
import { MemoryQueue, type Queue, StoreQueue } from './queue-simulation/queues.ts'
import { simulate } from './queue-simulation/simulate.ts'
import { ASSUMED, type Assumptions, week } from './queue-simulation/week.ts'

/**
 * `node scripts/bench/queue-simulation.ts [--machines 1,2,3,10,50] [--runs-at-once 1,2,4] [--slowdown 1] [--seed 1] [--recipes 1000] [--comments 600]
 * [--releases 4] [--large-gib 4] [--store]`: a week of comments and a sweep of all recipes through the server's own choice of the next run, for so many machines with so
 * many runs at once. How long runs take is measured (queue-simulation/measured.ts); how many are asked for, by whom and when, is assumed
 * (queue-simulation/week.ts) and printed. `--store`: through the server's whole store, with the embedded database; slow, the same figures.
 */
const { values } = parseArgs({
  options: {
    machines: { type: 'string', default: '1,2,3,10,50' },
    'runs-at-once': { type: 'string', default: '1,2,4' },
    slowdown: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    recipes: { type: 'string', default: String(ASSUMED.recipes) },
    comments: { type: 'string', default: String(ASSUMED.comments) },
    releases: { type: 'string', default: String(ASSUMED.releases) },
    'large-gib': { type: 'string', default: String(ASSUMED.largeGib) },
    store: { type: 'boolean', default: false },
  },
})
const { recipes, comments, releases } = values
const assumed: Assumptions = {
  ...ASSUMED,
  ...{
    recipes: Number(recipes),
    comments: Number(comments),
    releases: Number(releases),
    largeGib: Number(values['large-gib']),
  },
}
const say = (line: string) => void process.stdout.write(`${line}\n`)
say(`assumed, for one week: ${JSON.stringify(assumed)}`)
say(`seed ${values.seed}; a run takes ${values.slowdown} times as long as measured`)
const columns = ['machines', 'at once', 'pulls: n', 'p50', 'p95', 'max', 'sweep: p50', 'p95', 'max', 'whole sweep']
say(`| ${[...columns, 'used in it', 'used', 'again', 'pick'].join(' | ')} |`)
for (const runsAtOnce of numbers(values['runs-at-once'])) {
  for (const machines of numbers(values.machines)) {
    const world = week(Number(values.seed), { machines, runsAtOnce, slowdown: Number(values.slowdown) }, assumed)
    const memory = new MemoryQueue()
    const lived = await through(memory, (queue) => simulate(world, queue))
    const all = figuresOf(world, lived)
    const picks = memory.picks.map(({ ms }) => ms).sort((a, b) => a - b)
    const pick = `${picks[picks.length >> 1]?.toFixed(2) ?? '–'} / ${picks.at(-1)?.toFixed(1) ?? '–'} ms`
    const [used, usedInSweep] = [all.used, all.usedInSweep].map((part) => `${Math.round(part * 100)} %`)
    const row = [machines, runsAtOnce, all.pulls.runs, ...told(all.pulls), ...told(all.sweep)]
    say(`| ${[...row, formatDuration(all.sweepMs), usedInSweep, used, all.begunAgain, pick].join(' | ')} |`)
  }
}

async function through<T>(memory: MemoryQueue, act: (queue: Queue) => Promise<T>): Promise<T> {
  if (!values.store) return act(memory)
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-queue-'))
  const store = await openStore({ state, databaseUrl: null })
  try {
    return await act(new StoreQueue(store))
  } finally {
    await store.close()
    rmSync(state, { recursive: true, force: true })
  }
}

function told({ p50Ms, p95Ms, maxMs }: Waits): string[] {
  return [p50Ms, p95Ms, maxMs].map((ms) => formatDuration(ms))
}

function numbers(text: string): number[] {
  return text.split(',').map(Number)
}
