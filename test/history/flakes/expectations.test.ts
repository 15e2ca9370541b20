import { expect, test } from 'vitest'
import { expectationsOf } from '../../../src/history/flakes/expectations.ts'
import type { RunSummary } from '../../../src/history/run-summary.ts'
import { crash, type Made, summary } from '../some-runs.ts'

const AT = Date.parse('2026-11-29T00:00:00Z')
const idOn = (day: number) => `202611${String(day).padStart(2, '0')}-101500-aaaaaa`

/** A run whose upgrade needed so long until every service was up. */
function took(day: number, convergedMs: number, made: Made = {}): RunSummary {
  const run = summary({ id: idOn(day), ...made })
  return { ...run, tiers: run.tiers.map((tier) => (tier.id === 'upgrade' ? { ...tier, convergedMs } : tier)) }
}

test('three runs tell what is usual, two do not', () => {
  const runs = [took(20, 40_000), took(21, 50_000), took(22, 60_000)]
  const found = expectationsOf(runs, { recipe: 'pocketbase', at: AT })
  expect(found).toMatchObject({ runs: 3, newest: idOn(22), since: '2026-11-20T10:15:00.000Z' })
  expect(found?.deploy).toEqual({ p50Ms: 50_000, p95Ms: 60_000, runs: 3 })
  expect(found?.tiers.map(({ id }) => id)).toContain('upgrade')
  expect(expectationsOf(runs.slice(1), { recipe: 'pocketbase', at: AT })).toBeNull()
  expect(expectationsOf(runs, { recipe: 'other', at: AT })).toBeNull()
})

test('nothing is learnt from red runs, old ones, later ones, ones that continued from another, or ones that mean something else', () => {
  const good = [took(20, 10_000), took(21, 10_000), took(22, 10_000)]
  const others = [
    took(23, 900_000, { fails: { backup: crash } }),
    took(24, 900_000, { header: { evidenceSchema: 9 } }),
    { ...took(25, 900_000), whole: false },
    { ...took(25, 900_000), resumed: '20261125-101500-aaaaaa' },
    { ...took(25, 900_000), startedAt: '2026-12-24T00:00:00.000Z' },
    { ...took(25, 900_000), id: '20261001-101500-aaaaaa', startedAt: '2026-10-01T10:15:00.000Z' },
  ]
  const newest = took(26, 10_000)
  const found = expectationsOf([...good, ...others, newest], { recipe: 'pocketbase', at: AT })
  expect(found?.deploy).toEqual({ p50Ms: 10_000, p95Ms: 10_000, runs: 4 })
})
