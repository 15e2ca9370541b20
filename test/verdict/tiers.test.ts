import { describe, expect, it } from 'vitest'
import { functionForm, SETTING_NAMES } from '../../src/config/registry.ts'
import {
  ATTACHABLE,
  DECLARABLE,
  QUICK_TIERS,
  RUNGS,
  TIER_IDS,
  TIERS,
  type TierId,
  tiersWith,
  withNeeds,
} from '../../src/verdict/tiers.ts'

describe('the table of tiers', () => {
  it('is in an order in which what a tier needs comes before it', () => {
    for (const id of TIER_IDS)
      for (const need of TIERS[id].needs) expect(TIER_IDS.indexOf(need), id).toBeLessThan(TIER_IDS.indexOf(id))
  })

  it('has a tier for every rung that can be passed without an optional one', () => {
    for (const rung of Object.keys(RUNGS).map(Number))
      expect(tiersWith((row) => row.rung === rung).length, `rung ${rung}`).toBeGreaterThan(0)
  })

  it('knows all code of a recipe that may prepare something, and no other', () => {
    const known = new Set(TIER_IDS.flatMap((id) => TIERS[id].missesWhenRefused))
    expect([...known].sort()).toEqual(
      ['install-steps', ...SETTING_NAMES.filter((name) => functionForm(name) !== null)].sort(),
    )
  })

  it('lets what was prepared before a deployment be missed in every tier on that deployment', () => {
    const missing = (code: string) => tiersWith((row) => (row.missesWhenRefused as string[]).includes(code))
    const onApp = tiersWith(({ app }) => app === 'first' || app === 'base' || app === 'head')
    for (const code of ['install-steps', 'env', 'hooks.preInstall']) expect(missing(code), code).toEqual(onApp)
    const onHead = onApp.filter((id) => TIERS[id].app !== 'first')
    for (const code of ['upgrade.env', 'hooks.preUpgrade']) expect(missing(code), code).toEqual(onHead)
  })

  it('gives what options and settings may name', () => {
    expect(QUICK_TIERS).toEqual(['lint', 'install', 'upgrade', 'functional'])
    expect(ATTACHABLE).toEqual(['functional', 'integration'])
    expect(DECLARABLE).not.toContain('install')
    expect(DECLARABLE).toContain('resilience')
  })

  it.each<[TierId[], TierId[]]>([
    [['lint'], ['lint']],
    [['restore'], ['install', 'backup', 'restore']],
    [
      ['teardown', 'functional'],
      ['install', 'functional', 'teardown'],
    ],
  ])('%j needs %j', (wanted, all) => expect(withNeeds(wanted)).toEqual(all))
})
