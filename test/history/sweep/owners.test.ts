import { describe, expect, it } from 'vitest'
import { DIMENSIONS, type Dimension } from '../../../src/history/compare/dimensions.ts'
import { MEANINGS, type Word } from '../../../src/history/compare/messages.ts'
import { type DifferenceFacts, OWNER_TABLE, type Owner, ownerOf } from '../../../src/history/sweep/owners.ts'

const WORDS = Object.keys(MEANINGS) as Word[]
const ALL = Object.keys(DIMENSIONS) as Dimension[]

function* subsets(dimensions: readonly Dimension[]): Generator<ReadonlySet<Dimension>> {
  for (let bits = 0; bits < 2 ** dimensions.length; bits += 1)
    yield new Set(dimensions.filter((_, index) => bits & (1 << index)))
}

function* combinations(): Generator<DifferenceFacts> {
  for (const word of WORDS)
    for (const listed of [null, 'by-operator', 'by-recipe'] as const)
      for (const judged of [true, false])
        for (const blamesTool of [true, false])
          for (const moved of subsets(ALL)) yield { word, listed, judged, blamesTool, moved }
}

const facts = (some: Partial<Omit<DifferenceFacts, 'moved'>>, ...moved: Dimension[]): DifferenceFacts => ({
  ...{ word: 'regression', listed: null, judged: true, blamesTool: false },
  ...some,
  moved: new Set(moved),
})

/** Of each row at least one case, with the owner that a person would name. */
const EXAMPLES: Readonly<Record<string, readonly [DifferenceFacts, Owner][]>> = {
  listed: [[facts({ word: 'disappeared', listed: 'by-operator' }), 'operator']],
  'opened-or-closed': [[facts({ word: 'appeared', listed: 'by-recipe' }), 'recipe']],
  unstable: [
    [facts({ word: 'unstable' }), 'flake'],
    [facts({ word: 'unstable' }, 'recipe', 'tool'), 'flake'],
  ],
  'tool-broken': [[facts({ word: 'unknown', judged: false, blamesTool: true }, 'tool'), 'harness']],
  'not-judged': [
    [facts({ word: 'unknown', judged: false }), 'unknown'],
    [facts({ word: 'unknown', judged: false }, 'recipe'), 'unknown'],
    [facts({ word: 'unknown', judged: false, blamesTool: true }, 'tool', 'recipe'), 'unknown'],
    [facts({ word: 'unknown', judged: false, blamesTool: true }), 'unknown'],
  ],
  recipe: [
    [facts({}, 'recipe'), 'recipe'],
    [facts({ word: 'fixed' }, 'base'), 'recipe'],
    [facts({}, 'recipe', 'base'), 'recipe'],
  ],
  tool: [[facts({}, 'tool'), 'harness']],
  environment: [[facts({ word: 'new failure' }, 'environment'), 'drift']],
  settings: [[facts({}, 'settings'), 'operator']],
  nothing: [[facts({}), 'flake']],
  several: [
    [facts({}, 'recipe', 'tool'), 'unknown'],
    [facts({}, 'tool', 'environment'), 'unknown'],
    [facts({}, 'settings', 'environment'), 'unknown'],
  ],
}

describe('whose a difference between two sweeps is', () => {
  it('of every combination exactly one row holds', () => {
    for (const one of combinations()) {
      const rows = OWNER_TABLE.filter(({ when }) => when(one)).map(({ row }) => row)
      expect(rows, JSON.stringify({ ...one, moved: [...one.moved] })).toHaveLength(1)
    }
  })

  it('has an example for each row', () => {
    expect(Object.keys(EXAMPLES)).toEqual(OWNER_TABLE.map(({ row }) => row))
  })

  it.each(Object.entries(EXAMPLES))('%s', (row, cases) => {
    for (const [one, owner] of cases) expect(ownerOf(one)).toMatchObject({ row, owner })
  })

  it('never blames a recipe where it was not judged, or where cc-ci has moved too', () => {
    for (const one of combinations()) {
      if (one.listed !== null || ownerOf(one).owner !== 'recipe') continue
      expect(one.judged && !one.moved.has('tool') && !one.moved.has('environment')).toBe(true)
    }
  })
})
