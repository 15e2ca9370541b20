import { expect, test } from 'vitest'
import { ClockWatch } from '../../../src/server/runs/lease-reaper.ts'

const HOUR = 3_600_000

test.each([
  ['ahead', HOUR],
  ['back', -HOUR],
])('a clock that jumps %s has jumped for as long as is asked', (_, jump) => {
  let monotonic = 0
  let wall = Date.parse('2026-01-05T10:00:00Z')
  const watch = new ClockWatch(() => monotonic)
  const later = (ms: number, more = 0) => {
    monotonic += ms
    wall += ms + more
    return watch.jumpedWithin(30_000, wall)
  }
  expect([later(0), later(2_000), later(60_000, 500)]).toEqual([false, false, false])
  expect([later(2_000, jump), later(2_000), later(27_999), later(1)]).toEqual([true, true, true, false])
  expect([later(2_000, -jump), later(30_000)]).toEqual([true, false])
})
