import { describe, expect, it } from 'vitest'
import { unproven } from '../../../scripts/test/apps/proof.ts'
import { APP, lifeWith, RESTORED, UPGRADED } from './results-of-life.ts'

const DATABASE = 'volume:data/data.db'
const [marker, database] = RESTORED

describe('what a run that passed does not prove of an app', () => {
  it('is nothing where each tier, test and name of the data was seen', () => {
    expect(unproven(APP, lifeWith())).toEqual([])
  })

  it('is a tier that was skipped, and its tests', () => {
    expect(unproven(APP, lifeWith({ skipped: 'integration' }))).toEqual([
      'integration: expected pass, found skip (nothing for it)',
      'integration: the test "logs in with keycloak": expected passed, found not run',
    ])
  })

  it('is nothing where the app says that it has nothing for the tier', () => {
    const { integration: _, ...tests } = APP.tests
    expect(unproven({ ...APP, without: ['integration'], tests }, lifeWith({ skipped: 'integration' }))).toEqual([])
  })

  it('is a tier that passed though the app has nothing for it', () => {
    expect(unproven({ ...APP, without: ['integration'] }, lifeWith())).toEqual([
      expect.stringMatching(/^integration: expected skip, found pass /),
    ])
  })

  it('is a level that was not reached', () => {
    expect(unproven({ ...APP, without: ['resilience'] }, lifeWith())).toContain('level: expected 5, found 6')
    expect(unproven(APP, { ...lifeWith(), level: 3 })).toEqual(['level: expected 6, found 3'])
  })

  it('is a test that nobody ran, or that was skipped', () => {
    const results = lifeWith()
    const tiers = results.tiers.map((tier) => ({
      ...tier,
      tests: tier.tests.map((test) => (test.title === 'can write' ? { ...test, status: 'skipped' as const } : test)),
    }))
    expect(unproven({ ...APP, tests: { functional: ['can write', 'can fly'] } }, { ...results, tiers })).toEqual([
      'functional: the test "can write": expected passed, found skipped',
      'functional: the test "can fly": expected passed, found not run',
    ])
  })

  it.each([
    ['nobody watched', { upgraded: UPGRADED.slice(0, 1) }, [`upgrade: nobody watched ${DATABASE}`]],
    ['nobody watched over the restore', { restored: RESTORED.slice(1) }, ['restore: nobody watched volume:data']],
    [
      'no backup label promises',
      { restored: [marker, { ...database, result: 'excluded', summary: 'no label names it' }] },
      [`restore: ${DATABASE} is excluded: no label names it`],
    ],
    [
      'was there all the time',
      { restored: [marker, { ...database, counts: { ...database?.counts, rowsDestroyed: 0, rowsBack: 0 } }] },
      [`restore: ${DATABASE}: no row was destroyed before it`],
    ],
    [
      'came back in part',
      { restored: [marker, { ...database, counts: { ...database?.counts, rowsDestroyed: 2, rowsBack: 1 } }] },
      [`restore: ${DATABASE}: 1 of 2 destroyed rows are back`],
    ],
    [
      'has no row',
      { upgraded: [UPGRADED[0], { ...UPGRADED[1], counts: { ...UPGRADED[1]?.counts, rows: 0 } }] },
      [`upgrade: ${DATABASE}: no row that could have been lost`],
    ],
    ['was never emptied', { emptied: [] }, ['restore: volume:data: it was not emptied before the restore']],
    [
      'had no file',
      { emptied: [{ volume: 'data', before: 0, left: 0, asNew: 0, after: 1 }] },
      ['restore: volume:data: 0 files before it was emptied, 1 after the restore'],
    ],
  ])('is data that %s', (_, change, found) => {
    expect(unproven(APP, lifeWith(change as Parameters<typeof lifeWith>[0]))).toEqual(found)
  })
})
