import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PRUNE_KINDS } from '../../../src/history/retention/kinds.ts'
import { bytesOf, type PruneFacts, type PrunePlanInput, planPrune } from '../../../src/history/retention/plan.ts'
import type { Keep } from '../../../src/history/retention/standing.ts'
import { DAY_MS, idAt, NOW } from './generated.ts'

const PINNED: Keep = { reason: 'pinned', words: 'canonicals: last green release' }
const NO_RESULTS: Keep = { reason: 'no-results', words: 'none' }

/** A run so many days old, with so many bytes of logs and as many that stay. */
function run(days: number, bytes: number, more: Partial<PruneFacts> = {}): PruneFacts {
  const kinds = new Map(bytes > 0 ? [['logs', { files: 1, bytes }] as const] : [])
  const at = NOW - days * DAY_MS
  return { id: idAt(at), at, use: { files: 2, bytes: 2 * bytes, kinds, leftovers: [] }, begun: [], keep: null, ...more }
}

function plan(
  runs: readonly PruneFacts[],
  policy: PrunePlanInput['policy'],
  lacksResults: PrunePlanInput['lacksResults'] = () => null,
) {
  const { prune, kept, ...counts } = planPrune({ runs, policy, now: NOW, lacksResults })
  const days = ({ at }: PruneFacts) => (NOW - at) / DAY_MS
  return {
    prune: prune.map(({ facts, why }) => `${days(facts)} ${why}`),
    kept: kept.map(({ facts, keep }) => `${days(facts)} ${keep.reason}`),
    ...counts,
  }
}

const never = { olderThanMs: null, maxBytes: null }

describe('what goes', () => {
  test('is what is as old as the limit, oldest first', () => {
    expect(plan([run(1, 5), run(30, 5), run(90, 5)], { ...never, olderThanMs: 30 * DAY_MS })).toMatchObject({
      prune: ['90 age', '30 age'],
      within: 1,
    })
  })

  test('is the oldest, until all of it together is small enough', () => {
    const runs = [run(1, 10), run(2, 10), run(3, 10), run(4, 10)]
    expect(plan(runs, { ...never, maxBytes: 80 }).prune).toEqual([])
    expect(plan(runs, { ...never, maxBytes: 79 }).prune).toEqual(['4 size'])
    expect(plan(runs, { ...never, maxBytes: 60 }).prune).toEqual(['4 size', '3 size'])
    expect(plan(runs, { ...never, maxBytes: 0 }).prune).toHaveLength(4)
  })

  test('by age makes room for what is younger', () => {
    const runs = [run(1, 10), run(2, 10), run(90, 20)]
    expect(plan(runs, { olderThanMs: 30 * DAY_MS, maxBytes: 60 }).prune).toEqual(['90 age'])
  })

  test('is nothing without a limit, but for what was begun', () => {
    const begun = run(1, 5, { begun: ['logs'] })
    const littered = run(2, 5)
    expect(plan([begun, run(90, 5)], never)).toMatchObject({ prune: ['1 begun'], within: 1 })
    const left = { ...littered, use: { ...littered.use, leftovers: ['.pruning'] } }
    expect(planPrune({ runs: [left], policy: never, now: NOW, lacksResults: () => null }).prune).toMatchObject([
      { why: 'begun', kinds: [] },
    ])
  })

  test('is never a run that is kept or has no results, and what these take is taken from others', () => {
    const runs = [run(1, 10), run(2, 10, { keep: PINNED }), run(3, 10), run(4, 0)]
    const lacks = ({ at }: PruneFacts) => (at === NOW - 3 * DAY_MS ? NO_RESULTS : null)
    expect(plan(runs, { ...never, maxBytes: 50 }, lacks)).toMatchObject({
      prune: ['1 size'],
      kept: ['2 pinned', '3 no-results'],
      bare: 1,
    })
  })
})

test('whatever there is: the kept stay, the limit holds or nothing is left to go, and the second time there is nothing to do', () => {
  const anyRun = fc.record({
    days: fc.integer({ min: 0, max: 200 }),
    bytes: fc.integer({ min: 0, max: 1000 }),
    kept: fc.boolean(),
    lacks: fc.boolean(),
    begun: fc.subarray([...PRUNE_KINDS]),
  })
  const limit = (max: number) => fc.option(fc.integer({ min: 0, max }), { nil: null })
  fc.assert(
    fc.property(fc.array(anyRun), limit(200), limit(20_000), (drawn, days, maxBytes) => {
      const lacking = new Set<PruneFacts>()
      const runs = drawn.map(({ days: age, bytes, kept, lacks, begun }) => {
        const facts = run(age, bytes, { keep: kept ? PINNED : null, begun })
        if (lacks) lacking.add(facts)
        return facts
      })
      const policy = { olderThanMs: days === null ? null : days * DAY_MS, maxBytes }
      const lacksResults = (facts: PruneFacts) => (lacking.has(facts) ? NO_RESULTS : null)
      const { prune, kept, bare, within, before } = planPrune({ runs, policy, now: NOW, lacksResults })
      expect(prune.length + kept.length + bare + within).toBe(runs.length)
      for (const { facts } of prune) expect([facts.keep, lacking.has(facts)]).toEqual([null, false])
      const freed = prune.reduce((sum, { facts, kinds }) => sum + bytesOf(facts, kinds), 0)
      if (maxBytes !== null && before.bytes - freed > maxBytes) expect(within).toBe(0)
      const gone = new Map(prune.map(({ facts, kinds }) => [facts, kinds]))
      const after = runs.map((facts) => {
        const kinds = gone.get(facts)
        if (!kinds) return facts
        const left = new Map([...facts.use.kinds].filter(([kind]) => !kinds.includes(kind)))
        const pruned = {
          ...facts,
          use: { ...facts.use, kinds: left, bytes: facts.use.bytes - bytesOf(facts, kinds) },
          begun: [],
        }
        return pruned
      })
      expect(planPrune({ runs: after, policy, now: NOW, lacksResults }).prune).toEqual([])
    }),
  )
})
