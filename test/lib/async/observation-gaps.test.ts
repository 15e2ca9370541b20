import { expect, test } from 'vitest'
import { ObservationGaps } from '../../../src/lib/async/observation-gaps.ts'

/** A lookout at a time that the test sets, in seconds. */
function lookout() {
  let now = 0
  const kept = new ObservationGaps({ now: () => now * 1000 })
  const at = async (second: number, look: () => Promise<boolean>) => {
    now = second
    await kept.keep(look)
  }
  return {
    kept,
    sees: (second: number) => at(second, async () => true),
    nothing: (second: number) => at(second, async () => false),
    fails: (second: number, why = 'gone') =>
      at(second, async () => {
        throw new Error(why)
      }),
    passTo: (second: number) => {
      now = second
    },
  }
}

test('what sees all the time was never blind, however seldom it looked', async () => {
  const { kept, sees } = lookout()
  for (const second of [0, 1, 500]) await sees(second)
  expect(kept.blindness).toBeNull()
})

test('the longest stretch counts, from the last that was seen to the next', async () => {
  const { kept, sees, fails } = lookout()
  await sees(10)
  await fails(11)
  await sees(12)
  await fails(20, 'no answer')
  await fails(30, 'no answer yet')
  await sees(42)
  await fails(50, 'once more')
  await sees(51)
  expect(kept.blindness).toEqual({ looks: 8, failed: 4, longestMs: 30_000, never: false, why: 'once more' })
})

test('a stretch that continues counts up to now', async () => {
  const { kept, sees, fails, passTo } = lookout()
  await sees(0)
  await fails(5)
  passTo(95)
  expect(kept.blindness).toMatchObject({ longestMs: 95_000, never: false })
})

test('what never saw anything says so, from its first look on; looks with nothing to see are none', async () => {
  const { kept, nothing, fails, sees } = lookout()
  await nothing(0)
  await nothing(99)
  expect(kept.blindness).toBeNull()
  await fails(100)
  await nothing(101)
  await fails(103)
  expect(kept.blindness).toEqual({ looks: 2, failed: 2, longestMs: 3_000, never: true, why: 'gone' })
  await sees(104)
  expect(kept.blindness).toMatchObject({ looks: 3, failed: 2, longestMs: 4_000, never: false })
})
