import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Load, nextCells, remainingMs } from '../../../src/history/sweep/schedule.ts'

const load = (index: number, memoryBytes: number, expectedMs: number | null = 10): Load => ({
  index,
  memoryBytes,
  expectedMs,
})
const indexes = (loads: readonly Load[]) => loads.map(({ index }) => index)

describe('which cells begin', () => {
  it('the largest first, the longest among equals, and smaller ones where they fit', () => {
    const waiting = [load(0, 1), load(1, 3), load(2, 2, 5), load(3, 2, 50)]
    expect(indexes(nextCells(waiting, [], { memoryBytes: 6, jobs: 9 }))).toEqual([1, 3, 0])
    expect(indexes(nextCells(waiting, [load(9, 4)], { memoryBytes: 6, jobs: 9 }))).toEqual([3])
    expect(indexes(nextCells(waiting, [], { memoryBytes: 60, jobs: 2 }))).toEqual([1, 3])
  })

  it('whatever there is, it stays within the bounds, and something always continues', () => {
    const loads = fc.array(
      fc.record({ memoryBytes: fc.integer({ min: 1, max: 8 }), expectedMs: fc.integer({ min: 1, max: 99 }) }),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(loads, fc.integer({ min: 8, max: 20 }), fc.integer({ min: 1, max: 5 }), (some, memoryBytes, jobs) => {
        const waiting = some.map((one, index) => ({ ...one, index }))
        const chosen = nextCells(waiting, [], { memoryBytes, jobs })
        const sum = chosen.reduce((total, one) => total + one.memoryBytes, 0)
        return sum <= memoryBytes && chosen.length <= jobs && (chosen.length > 0 || waiting.length === 0)
      }),
    )
  })
})

describe('how long it will take', () => {
  it('plays the schedule', () => {
    const bounds = { memoryBytes: 4, jobs: 2 }
    expect(remainingMs([load(0, 1, 10), load(1, 1, 20), load(2, 1, 5)], [], bounds, null)).toBe(20)
    expect(remainingMs([load(0, 4, 10), load(1, 4, 20)], [], bounds, null)).toBe(30)
    expect(remainingMs([load(0, 4, 10)], [load(1, 1, 7)], bounds, null)).toBe(17)
    expect(remainingMs([], [], bounds, null)).toBe(0)
  })

  it('takes what is usual where nothing is known of a cell, and says nothing where nothing is known at all', () => {
    expect(remainingMs([load(0, 1, null)], [], { memoryBytes: 4, jobs: 1 }, 30)).toBe(30)
    expect(remainingMs([load(0, 1, null)], [], { memoryBytes: 4, jobs: 1 }, null)).toBeNull()
  })
})
