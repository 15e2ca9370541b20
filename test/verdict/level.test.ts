import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelName, levelOf } from '../../src/verdict/level.ts'
import { TIER_IDS, TIERS, type TierId } from '../../src/verdict/tiers.ts'

type Said = 'pass' | 'fail' | 'unverified' | 'structural' | 'declared' | 'not-selected'

function tiers(said: Partial<Record<TierId, Said>>): Parameters<typeof levelOf>[0] {
  return TIER_IDS.map((id) => {
    const says = said[id] ?? 'pass'
    return says === 'pass' || says === 'fail' || says === 'unverified'
      ? { id, status: says }
      : { id, status: 'skip', skipKind: says }
  })
}

describe('levelOf', () => {
  it.each<[Partial<Record<TierId, Said>>, number, string]>([
    [{}, 6, 'all passed'],
    [{ install: 'fail' }, 0, 'nothing installed'],
    [{ install: 'not-selected' }, 0, 'not selected does not count'],
    [{ upgrade: 'unverified' }, 1, 'stops below what could not be judged'],
    [{ upgrade: 'structural' }, 6, 'steps over a structural skip'],
    [{ upgrade: 'declared' }, 6, 'steps over a declared skip'],
    [{ upgrade: 'not-selected' }, 1, 'stops at what was not selected'],
    [{ restore: 'fail' }, 2, 'half of rung 3 is not rung 3'],
    [{ functional: 'structural', integration: 'structural', lint: 'fail' }, 3, 'a skipped rung raises nothing'],
    [
      { functional: 'structural', integration: 'structural', lint: 'structural', resilience: 'structural' },
      3,
      'four skipped rungs',
    ],
    [{ integration: 'structural', lint: 'fail' }, 4, 'functional alone is rung 4'],
    [{ functional: 'structural', lint: 'fail' }, 4, 'integration alone is rung 4'],
    [{ integration: 'fail' }, 3, 'a failed integration stops rung 4'],
    [{ restore: 'declared', functional: 'fail' }, 2, 'backup without restore does not raise to rung 3'],
    [{ lint: 'fail' }, 4, 'lint is rung 5'],
    [{ resilience: 'structural' }, 5, 'nothing above the last passed rung'],
    [{ teardown: 'fail' }, 6, 'teardown has no rung'],
  ])('%j is %i: %s', (said, level) => {
    expect(levelOf(tiers(said))).toBe(level)
  })

  it('stops at a rung that nobody tells about, and a result wins over a kind of skip', () => {
    expect(levelOf(tiers({}).filter(({ id }) => id !== 'upgrade'))).toBe(1)
    const declared = tiers({}).map((tier) =>
      tier.id === 'upgrade' ? { ...tier, status: 'fail' as const, skipKind: 'declared' as const } : tier,
    )
    expect(levelOf(declared)).toBe(1)
  })

  it('never overstates: the rung was passed, and nothing below failed, was unverified or not selected', () => {
    const said = fc.constantFrom<Said>('pass', 'fail', 'unverified', 'structural', 'declared', 'not-selected')
    fc.assert(
      fc.property(fc.record(Object.fromEntries(TIER_IDS.map((id) => [id, said]))), (all) => {
        const level = levelOf(tiers(all))
        const upTo = TIER_IDS.filter((id) => (TIERS[id].rung ?? 99) <= level).map((id) => [id, all[id]] as const)
        for (const [, says] of upTo) expect(['pass', 'structural', 'declared']).toContain(says)
        if (level > 0) expect(upTo.some(([id, says]) => TIERS[id].rung === level && says === 'pass')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('does not rise when a tier gets worse', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TIER_IDS),
        fc.constantFrom<Said>('fail', 'unverified', 'not-selected'),
        (id, worse) => {
          const { rung } = TIERS[id]
          expect(levelOf(tiers({ [id]: worse }))).toBe(rung === null ? 6 : rung - 1)
        },
      ),
    )
  })
})

it('levelName names the rung, and none below the first', () => {
  const names = ['none', 'install', 'upgrade', 'backup + restore', 'functional', 'lint', 'resilience', 'none']
  expect(names.map((_, level) => levelName(level))).toEqual(names)
})
