import { expect, test } from 'vitest'
import type { Blindness } from '../../../src/lib/async/observation-gaps.ts'
import { type RunContext, TierStop } from '../../../src/lifecycle/context.ts'
import { requireWatched, unwatchedFindings } from '../../../src/lifecycle/judging/unwatched.ts'
import { TIER_IDS, TIERS } from '../../../src/verdict/tiers.ts'

type Watched = Pick<RunContext, 'disk' | 'watch'>

const blind = (more: Partial<Blindness> = {}): Blindness => ({
  ...{ looks: 40, failed: 3, longestMs: 2000, never: false, why: 'no answer' },
  ...more,
})
const NEVER = blind({ failed: 40, longestMs: 20_000, never: true })

function watched(disk: Blindness | null, memory: Blindness | null): Watched {
  return { disk: { blindness: async () => disk }, watch: { memoryBlindness: async () => memory } } as unknown as Watched
}

async function stopOf(asked: Promise<void>): Promise<TierStop | null> {
  return asked.then(
    () => null,
    (error: unknown) => {
      if (error instanceof TierStop) return error
      throw error
    },
  )
}

test.each([
  ['the disk', watched(NEVER, null), 'resources.disk'],
  ['the memory of all services together', watched(null, NEVER), 'the memory of the run'],
] as const)('a tier is not passed while no look at %s ever saw anything', async (what, context, unknown) => {
  for (const tier of TIER_IDS) {
    const stop = await stopOf(requireWatched(tier, context))
    const { app } = TIERS[tier]
    if (app === 'none' || app === 'last') expect(stop, tier).toBeNull()
    else {
      expect(stop?.outcome, tier).toBe('unverified')
      expect(stop?.why).toMatchObject({ code: 'engine-lost', blame: 'infra' })
      expect(stop?.why.message).toBe(
        `${what} could not be watched while the app was up: none of 40 looks succeeded; the last: no answer`,
      )
      expect(stop?.why.hint).toContain(unknown)
    }
  }
})

test('a look that failed, or many, turns nothing into anything as long as one saw something', async () => {
  for (const context of [
    watched(null, null),
    watched(blind(), blind()),
    watched(blind({ failed: 39, longestMs: 600_000 }), null),
  ])
    expect(await stopOf(requireWatched('install', context))).toBeNull()
})

test('what was not watched for a while is told, with for how long and why', async () => {
  expect(await unwatchedFindings(watched(blind(), blind({ longestMs: 29_000 })))).toEqual([])
  const reported = await unwatchedFindings(
    watched(blind({ longestMs: 95_400 }), blind({ longestMs: 30_000, failed: 1 })),
  )
  expect(reported.map(({ code, severity }) => [code, severity])).toEqual([
    ['disk-unwatched', 'warning'],
    ['memory-unwatched', 'warning'],
  ])
  expect(reported[0]?.message).toMatch(
    /^the disk was not watched for 95 s: 3 of 40 looks failed, the last: no answer\. /,
  )
  expect(reported[1]?.message).toMatch(/not watched for 30 s: 1 of 40 looks failed/)
})

test('what never saw anything is told however short that was', async () => {
  expect((await unwatchedFindings(watched(null, NEVER))).map(({ code }) => code)).toEqual(['memory-unwatched'])
})
