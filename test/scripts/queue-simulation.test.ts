import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { figuresOf } from '../../scripts/bench/queue-simulation/figures.ts'
import { MemoryQueue, StoreQueue } from '../../scripts/bench/queue-simulation/queues.ts'
import { type Simulated, simulate } from '../../scripts/bench/queue-simulation/simulate.ts'
import { ASSUMED, GIB, idOf, MONDAY, week } from '../../scripts/bench/queue-simulation/week.ts'
import type { Absence, Asked, World } from '../../scripts/bench/queue-simulation/world.ts'
import { openStore } from '../../src/server/storage/open.ts'

const MINUTE = 60_000
const SMALL = { ...ASSUMED, recipes: 12, comments: 30, releases: 1, recipesOfRelease: 8, lost: 1 }

function asked(n: number, about: Partial<Asked>): Asked {
  const at = about.at ?? MONDAY
  const run = { repo: 'coop/a', pull: null, priority: 'sweep', memory: 2 * GIB, durationMs: 10 * MINUTE } as const
  return { ...run, at, id: idOf(at, n), ...about }
}

function world(runs: readonly Partial<Asked>[], machines: readonly number[], absences: readonly Absence[] = []): World {
  return {
    machines: machines.map((gib, n) => ({ name: `w${n}`, memory: gib * GIB })),
    asked: runs.map((run, n) => asked(n, run)),
    absences,
    leaseMs: 30_000,
  }
}

/** Run, machine and minutes since the begin, of each that was given out. */
function told({ asked: all }: World, { given }: Simulated) {
  return given.map(({ id, worker, at }) => {
    const place = all.findIndex((one) => one.id === id)
    return `${place} ${worker} ${(at - MONDAY) / MINUTE}`
  })
}

test('a case worked out by hand: priority, turns of repositories, one run of a pull request at a time', async () => {
  const runs: Partial<Asked>[] = [
    { repo: 'coop/a', priority: 'sweep' },
    { repo: 'coop/b', priority: 'sweep' },
    { repo: 'coop/c', priority: 'sweep' },
    // Two of one pull request, three minutes and four minutes later, and one of another of the same repository.
    { repo: 'coop/a', priority: 'pull', pull: 1, at: MONDAY + 3 * MINUTE },
    { repo: 'coop/a', priority: 'pull', pull: 2, at: MONDAY + 4 * MINUTE },
    { repo: 'coop/b', priority: 'pull', pull: 7, at: MONDAY + 5 * MINUTE },
  ]
  const one = world(runs, [2])
  const lived = await simulate(one, new MemoryQueue())
  // At 10 all of people's wait; a had a turn, b never: b, then a by age. Then the sweep: c never had a turn, b's is taken.
  expect(told(one, lived)).toEqual(['0 w0 0', '5 w0 10', '3 w0 20', '4 w0 30', '2 w0 40', '1 w0 50'])
  const { pulls, sweep, sweepMs, used } = figuresOf(one, lived)
  expect(pulls).toEqual({ runs: 3, p50Ms: 17 * MINUTE, p95Ms: 26 * MINUTE, maxMs: 26 * MINUTE })
  expect(sweep).toEqual({ runs: 3, p50Ms: 40 * MINUTE, p95Ms: 50 * MINUTE, maxMs: 50 * MINUTE })
  expect([sweepMs, used]).toEqual([60 * MINUTE, 1])
})

test('a run whose worker is lost waits for its lease and is begun once more; a drained worker ends what it has', async () => {
  const at = (minute: number) => MONDAY + minute * MINUTE
  const away: Absence[] = [
    { worker: 'w0', kind: 'lost', from: at(4), until: at(100) },
    { worker: 'w1', kind: 'drained', from: at(5), until: at(30) },
  ]
  const two = world([{ repo: 'coop/a' }, { repo: 'coop/b' }, { repo: 'coop/c' }], [2, 2], away)
  const lived = await simulate(two, new MemoryQueue())
  // c goes first: what was lost had a turn.
  expect(told(two, lived)).toEqual(['0 w0 0', '1 w1 0', '2 w1 30', '0 w1 40'])
  expect(lived.served.map(({ asked: { repo }, end, attempts }) => [repo, end, attempts])).toEqual([
    ['coop/b', 'done', 1],
    ['coop/c', 'done', 1],
    ['coop/a', 'done', 2],
  ])
})

test('a large run that fits nowhere keeps one worker, and holds the others up for nothing', async () => {
  const small = Array.from({ length: 12 }, (_, n) => ({ repo: `coop/s${n}`, priority: 'sweep' as const }))
  const large = { repo: 'coop/large', priority: 'pull' as const, pull: 1, memory: 4 * GIB, at: MONDAY + MINUTE }
  const three = world([...small, large], [4, 4, 4])
  const lived = await simulate(three, new MemoryQueue())
  const when = lived.given.find(({ id }) => id === three.asked.at(-1)?.id)?.at ?? 0
  // Nobody is patient yet at 10; at 20 everybody is free, and the large one is first.
  expect((when - MONDAY) / MINUTE).toBe(10)
  expect(Math.max(...lived.given.map(({ at }) => at)) - MONDAY).toBe(20 * MINUTE)
})

test('nothing is lost, nothing is judged twice, no machine and no pull request has more than it may, whatever happens', async () => {
  const fleets = fc.record({ machines: fc.integer({ min: 1, max: 5 }), runsAtOnce: fc.integer({ min: 1, max: 3 }) })
  await fc.assert(
    fc.asyncProperty(fc.integer(), fleets, async (seed, fleet) => {
      const small = week(seed, fleet, SMALL)
      const { served, given } = await simulate(small, new MemoryQueue())
      expect(served.map(({ asked: { id } }) => id).sort()).toEqual(small.asked.map(({ id }) => id).sort())
      for (const { asked: run, end, attempts, begunAt, endedAt } of served) {
        const times = given.filter(({ id }) => id === run.id)
        expect(times).toHaveLength(attempts)
        if (end === 'superseded') expect(run.pull).not.toBeNull()
        if (end !== 'done') continue
        expect(begunAt).toBeGreaterThanOrEqual(run.at)
        expect(endedAt).toBe((times.at(-1)?.at ?? 0) + run.durationMs)
      }
      const ended = served.filter(({ end, attempts }) => end === 'done' && attempts === 1)
      for (const one of ended) {
        const beside = ended.filter(
          (other) =>
            other.begunAt !== null && other.begunAt <= (one.begunAt ?? 0) && other.endedAt > (one.begunAt ?? 0),
        )
        const workerOf = (id: string) => given.find((other) => other.id === id)?.worker
        const machine = small.machines.find(({ name }) => name === workerOf(one.asked.id))
        const mine = beside.filter(({ asked: { id } }) => workerOf(id) === machine?.name)
        const memory = mine.reduce((sum, { asked: { memory: of } }) => sum + of, 0)
        expect(memory).toBeLessThanOrEqual(machine?.memory ?? 0)
        const { repo, pull } = one.asked
        if (pull === null) continue
        expect(beside.filter(({ asked: other }) => other.repo === repo && other.pull === pull)).toHaveLength(1)
      }
    }),
    { numRuns: 60 },
  )
})

test('a sweep and others do not starve each other: while a pull request that fits waits, no cell of the sweep begins', async () => {
  const busy = week(7, { machines: 2, runsAtOnce: 1 }, { ...SMALL, recipes: 40, comments: 600, lost: 0, drained: 0 })
  const { served, given } = await simulate(busy, new MemoryQueue())
  const priority = new Map(busy.asked.map((run) => [run.id, run]))
  const pulls = served.filter(({ asked: { priority: of } }) => of === 'pull')
  for (const { id, at } of given) {
    if (priority.get(id)?.priority !== 'sweep') continue
    const passed = pulls.filter(({ asked: run, begunAt, endedAt }) => {
      const left = begunAt ?? endedAt
      const active = pulls.some(
        (other) =>
          other !== undefined &&
          other.asked.repo === run.repo &&
          other.asked.pull === run.pull &&
          other.asked.id !== run.id &&
          (other.begunAt ?? at + 1) <= at &&
          other.endedAt > at,
      )
      return run.at < at && left > at && !active
    })
    expect(passed.map(({ asked: run }) => run.id)).toEqual([])
  }
})

test("the server's whole store gives out the same runs to the same workers at the same time", async () => {
  for (const [seed, fleet] of [
    [1, { machines: 3, runsAtOnce: 2 }],
    [2, { machines: 2, runsAtOnce: 3 }],
  ] as const) {
    const small = week(seed, fleet, { ...SMALL, comments: 20, large: 0.4 })
    const state = mkdtempSync(join(tmpdir(), 'cc-ci-queue-'))
    const store = await openStore({ state, databaseUrl: null })
    try {
      const inStore = await simulate(small, new StoreQueue(store))
      expect(inStore).toEqual(await simulate(small, new MemoryQueue()))
      expect(await store.counts()).toMatchObject({ queued: 0, running: 0 })
    } finally {
      await store.close()
      rmSync(state, { recursive: true, force: true })
    }
  }
}, 300_000)
