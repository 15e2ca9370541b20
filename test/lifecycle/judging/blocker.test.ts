import { describe, expect, it } from 'vitest'
import { blockerOf } from '../../../src/lifecycle/judging/blocker.ts'
import { TIER_IDS, type TierId } from '../../../src/verdict/tiers.ts'

const having = (...passed: TierId[]) => ({ passed: (id: TierId) => passed.includes(id), headServes: true })

describe('what keeps a tier from being judged', () => {
  it.each<[string, TierId, Parameters<typeof blockerOf>[1], TierId | null]>([
    ['files can always be read', 'lint', { ...having(), headServes: false }, null],
    ['the first deployment has nothing before it', 'install', having(), null],
    ['the end always comes', 'teardown', { ...having(), failedIn: 'install' }, null],
    ['an app that was never up', 'upgrade', having(), 'install'],
    ['an app that was never up, for all that follow', 'restore', { ...having(), headServes: false }, 'install'],
    ['an upgrade starts from the base', 'upgrade', { ...having('install'), headServes: false }, null],
    ['the base is not what is under test', 'backup', { ...having('install'), headServes: false }, 'upgrade'],
    ['an upgrade that lost data still serves', 'backup', having('install'), null],
    ['nothing was backed up', 'restore', having('install'), 'backup'],
    ['an app that failed for good', 'functional', { ...having('install', 'upgrade'), failedIn: 'restore' }, 'restore'],
    ['the first of several', 'restore', { ...having('install'), failedIn: 'upgrade' }, 'upgrade'],
    ['a backup that failed is no fault of tests', 'functional', having('install', 'upgrade'), null],
  ])('%s: %s', (_, tier, progress, expected) => expect(blockerOf(tier, progress)).toBe(expected))

  it('is always an earlier tier', () => {
    for (const id of TIER_IDS) {
      const blocker = blockerOf(id, { ...having(), headServes: false })
      if (blocker) expect(TIER_IDS.indexOf(blocker)).toBeLessThan(TIER_IDS.indexOf(id))
    }
  })
})
