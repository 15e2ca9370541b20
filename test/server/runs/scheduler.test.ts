import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PATIENCE_MS, pickNextRun, pullKey, type QueuedCandidate } from '../../../src/server/runs/scheduler.ts'

const NOW = 1_000_000_000
const REPOS = ['a', 'b', 'c']

const queue = fc
  .record({
    running: fc.tuple(...REPOS.map(() => fc.nat(3))),
    turns: fc.tuple(...REPOS.map(() => fc.nat(5))),
    runs: fc.array(
      fc.record({
        repo: fc.nat(REPOS.length - 1),
        pull: fc.option(fc.integer({ min: 1, max: 4 })),
        priority: fc.nat(2),
        age: fc.nat(2 * PATIENCE_MS),
        memory: fc.integer({ min: 1, max: 12 }),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ running, turns, runs }) =>
    runs.map(
      (run, index): QueuedCandidate => ({
        id: `r${index}`,
        repo: REPOS[run.repo] as string,
        pull: run.pull,
        priority: run.priority,
        at: NOW - run.age,
        memory: run.memory,
        running: running[run.repo] as number,
        lastTurn: turns[run.repo] as number,
      }),
    ),
  )
const room = fc
  .record({ memoryBytes: fc.integer({ min: 1, max: 10 }), used: fc.nat(10) })
  .map(({ memoryBytes, used }) => ({ worker: 'w', memoryBytes, freeBytes: Math.max(0, memoryBytes - used) }))
const busy = fc
  .array(fc.tuple(fc.constantFrom(...REPOS), fc.integer({ min: 1, max: 4 })))
  .map((pulls) => new Set(pulls.map(([repo, pull]) => pullKey(repo, pull))))

test('what is chosen fits, and its pull request has no active run', () => {
  fc.assert(
    fc.property(queue, room, busy, (runs, space, active) => {
      const chosen = pickNextRun(runs, { room: space, now: NOW, busy: active })
      if (!chosen) return
      expect(chosen.memory).toBeLessThanOrEqual(space.freeBytes)
      if (chosen.pull !== null) expect(active.has(pullKey(chosen.repo, chosen.pull))).toBe(false)
    }),
  )
})

test('nothing that fits is passed over for a lower priority, a busier repository, a later turn or a younger run', () => {
  fc.assert(
    fc.property(queue, room, (runs, space) => {
      const chosen = pickNextRun(runs, { room: space, now: NOW })
      if (!chosen) return
      const rank = (run: QueuedCandidate) => [run.priority, run.running, run.lastTurn, run.at]
      for (const other of runs.filter((run) => run.memory <= space.freeBytes)) {
        const [mine, theirs] = [rank(chosen), rank(other)]
        const at = mine.findIndex((value, index) => value !== theirs[index])
        if (at >= 0) expect(mine[at]).toBeLessThan(theirs[at] as number)
      }
    }),
  )
})

test('a worker with all of its memory free always gets something where something is for it', () => {
  fc.assert(
    fc.property(queue, room, (runs, { memoryBytes }) => {
      const chosen = pickNextRun(runs, { room: { worker: 'w', memoryBytes, freeBytes: memoryBytes }, now: NOW })
      expect(chosen !== null).toBe(runs.some((run) => run.memory <= memoryBytes))
    }),
  )
})

test('the order in which candidates come does not matter', () => {
  fc.assert(
    fc.property(queue, room, (runs, space) => {
      expect(pickNextRun([...runs].reverse(), { room: space, now: NOW })?.id).toBe(
        pickNextRun(runs, { room: space, now: NOW })?.id,
      )
    }),
  )
})

test('small runs go before a large one that does not fit yet, until its patience is over', () => {
  const run = { repo: 'a', pull: null, priority: 0, running: 0, lastTurn: 0 }
  const large = { ...run, id: 'large', at: NOW, memory: 8 }
  const small = { ...run, id: 'small', at: NOW + 1, memory: 1 }
  const pick = (memoryBytes: number, freeBytes: number, now: number) =>
    pickNextRun([large, small], { room: { worker: 'w', memoryBytes, freeBytes }, now })?.id ?? null
  expect(pick(8, 4, NOW + PATIENCE_MS - 1)).toBe('small')
  expect(pick(8, 4, NOW + PATIENCE_MS)).toBeNull()
  expect(pick(8, 8, NOW + PATIENCE_MS)).toBe('large')
  expect(pick(4, 4, NOW + PATIENCE_MS)).toBe('small')
})

test('of many workers one is kept for a large run: the one that lacks least; each of several large runs has its own', () => {
  const run = { pull: null, priority: 0, running: 0, lastTurn: 0 }
  const large = ['a', 'b'].map((repo) => ({ ...run, repo, id: `large ${repo}`, at: NOW, memory: 8 }))
  const small = { ...run, repo: 'c', id: 'small', at: NOW + 1, memory: 1 }
  const workers = [
    { worker: 'w1', memoryBytes: 8, freeBytes: 2 },
    { worker: 'w2', memoryBytes: 8, freeBytes: 6 },
    { worker: 'w3', memoryBytes: 4, freeBytes: 4 },
    { worker: 'w4', memoryBytes: 8, freeBytes: 2 },
  ]
  const given = (runs: readonly QueuedCandidate[]) =>
    workers.map((room) => {
      const others = workers.filter((other) => other !== room)
      return pickNextRun(runs, { room, others, now: NOW + PATIENCE_MS })?.id ?? null
    })
  expect(given([...large.slice(0, 1), small])).toEqual(['small', null, 'small', 'small'])
  expect(given([...large, small])).toEqual([null, null, 'small', 'small'])
})
