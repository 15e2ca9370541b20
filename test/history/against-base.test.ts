import { describe, expect, it, test } from 'vitest'
import { basesOf, findBase } from '../../src/history/against-base.ts'
import { DEFAULT_RULE } from '../../src/history/compare/comparable.ts'
import { areEquivalent } from '../../src/history/compare/evidence-schemas.ts'
import { HEADER } from '../verdict/passing-stream.ts'
import { type Made, summary } from './some-runs.ts'

const FORK = 'a'.repeat(40)
const TIP = 'b'.repeat(40)
const HEAD = 'c'.repeat(40)
const BASES = basesOf({ fork: FORK, tip: TIP })
const id = (day: number) => `202611${String(day).padStart(2, '0')}-101500-aaaaaa`

const run = (day: number, commit: string, more: Made = {}) =>
  summary({ id: id(day), ...more, header: { recipe: { ...HEADER.recipe, commit }, ...more.header } })
const otherTool = { tool: { ...HEADER.tool, commit: 'd'.repeat(40) } }

/** Which run is found for a run of the head on the 20th; newest first, as the index has them. */
function found(...runs: ReturnType<typeof run>[]) {
  const after = run(20, HEAD)
  const all = [after, ...runs].sort((a, b) => (a.id < b.id ? 1 : -1))
  const base = findBase(all, after, { bases: BASES, rule: DEFAULT_RULE })
  return base.kind === 'found' ? `${base.base.is} ${base.run.id}` : base.looked
}

describe('the run of the base', () => {
  it('is the newest one before of the commit that the change left', () => {
    expect(found(run(10, FORK), run(11, FORK), run(12, TIP), run(13, HEAD))).toBe(`fork ${id(11)}`)
  })

  it('is one of the tip where none of the fork will do', () => {
    expect(found(run(10, TIP), run(11, FORK, { header: otherTool }))).toBe(`tip ${id(10)}`)
  })

  it('may be made later, for this: the first one, and only where there is none before', () => {
    expect(found(run(22, FORK), run(21, FORK))).toBe(`fork ${id(21)}`)
    expect(found(run(21, FORK), run(19, FORK))).toBe(`fork ${id(19)}`)
  })

  it('is of the same repository, however recipes are called', () => {
    const elsewhere = { header: { recipe: { ...HEADER.recipe, commit: FORK, origin: 'https://elsewhere.example/x' } } }
    expect(found(run(10, FORK, elsewhere))).toEqual([
      { base: { is: 'fork', commit: FORK }, runs: 0, why: [] },
      { base: { is: 'tip', commit: TIP }, runs: 0, why: [] },
    ])
  })

  it('is none with the key that differs', () => {
    const [fork] = found(run(10, FORK, { header: otherTool })) as Exclude<ReturnType<typeof found>, string>
    expect(fork).toMatchObject({
      runs: 1,
      why: [expect.stringMatching(/cc-ci itself \(commit 79288ad2 -> |cc-ci itself/)],
    })
  })

  it('is asked for once where the branch has not continued, and by its tip where nobody knows the fork', () => {
    expect(basesOf({ fork: FORK, tip: FORK })).toEqual([{ is: 'fork', commit: FORK }])
    expect(basesOf({ fork: null, tip: TIP })).toEqual([{ is: 'tip', commit: TIP }])
  })
})

test.each<[number | null, number | null, boolean]>([
  [1, 1, true],
  [2, 3, true],
  [3, 2, true],
  [1, 2, false],
  // Rows are not chained: 2 is like 3, and 3 like 4.
  [2, 4, false],
  [null, 1, false],
  [null, null, false],
])('evidence schemas %s and %s, with two rows of the table: %s', (a, b, equivalent) => {
  const why = 'a test'
  const table = [
    { schemas: [2, 3], why },
    { schemas: [3, 4], why },
  ] as const
  expect(areEquivalent(a, b, table)).toBe(equivalent)
  expect(areEquivalent(a, b, [])).toBe(a !== null && a === b)
})
