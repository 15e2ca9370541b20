import { expect, test } from 'vitest'
import { UNKNOWN_PATIENCE_MS } from '../../../src/lifecycle/disk/judge.ts'
import { awaitShortage } from '../../../src/lifecycle/disk/shortage.ts'

const BOUNDS = { most: 10_000, reserve: 1000 }

/** Looks at these rooms once a second, the last again and again, at a clock that nobody waits for; null: it cannot be told. */
async function looked(rooms: readonly (number | null)[], endMs = 600_000) {
  const closing = new AbortController()
  let [now, turn] = [0, 0]
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms
      if (now >= endMs) closing.abort()
    },
  }
  const gauge = {
    everyMs: 1000,
    room: async () => {
      const free = rooms[Math.min(turn++, rooms.length - 1)] ?? null
      if (free === null) throw new Error('no answer')
      return { free, size: 100_000 }
    },
  }
  const found = await awaitShortage(gauge, BOUNDS, { clock, signal: closing.signal })
  return { since: found?.since ?? null, at: now }
}

test.each<[string, (number | null)[], number | null]>([
  ['short from the first look', [999], 1000],
  ['short later', [5000, 5000, 10], 3000],
  ['room in between', [10, 10, 1000, 10], 4000],
  ['not known in between', [10, 10, null, 10], 4000],
  ['never short', [1000], null],
  ['never known', [null], null],
])('%s', async (_, rooms, since) => {
  const found = await looked(rooms)
  expect(found.since).toBe(since)
  expect(found.at).toBe(since === null ? 600_000 : since + UNKNOWN_PATIENCE_MS)
})

test('ends with what it waits beside', async () => {
  expect(await looked([10], 3000)).toEqual({ since: null, at: 3000 })
})
