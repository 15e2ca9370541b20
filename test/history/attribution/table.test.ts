// cspell:ignoreRegExp /\b[PABCHVSFwinb]{4}\b/
import { describe, expect, it } from 'vitest'
import { CELL_IDS, type CellId, type Draw } from '../../../src/history/attribution/contract.ts'
import { attributionRow, decideAttribution, situationOf } from '../../../src/history/attribution/decide.ts'
import { type Reading, readCell } from '../../../src/history/attribution/reading.ts'
import { type AttributionVerdict, holds, ROWS, type Situation } from '../../../src/history/attribution/table.ts'
import { blocked, fail, infra, own, pass, recordedAs, studyOf, WORLD } from './studies.ts'

/** Everything that a cell may turn out to be; four failures, so that all cells may differ. */
const CELLS = {
  P: [pass(), pass(), pass()],
  A: [fail('a'), fail('a'), fail('a')],
  B: [fail('b'), fail('b'), fail('b')],
  C: [fail('c'), fail('c'), fail('c')],
  H: [own(), own()],
  /** Fails in two ways, of which one is A. */
  V: [fail('a'), fail('v'), fail('v')],
  S: [
    {
      evidence: true,
      signature: { status: 'skip', code: 'structural', blame: null, service: null, deterministic: true },
    },
    {
      evidence: true,
      signature: { status: 'skip', code: 'structural', blame: null, service: null, deterministic: true },
    },
  ],
  F: [pass(), fail('a')],
  w: [pass(), pass()],
  i: [infra(), infra(), infra()],
  n: [],
  b: [blocked(), blocked(), blocked()],
} as const satisfies Record<string, readonly Draw[]>
type Letter = keyof typeof CELLS
const LETTERS = Object.keys(CELLS) as Letter[]
const RECORDED = ['none', 'same', 'moved', 'unexplained'] as const

/** Cells in the order OO NO ON NN, what was recorded, the row and the verdict. One row of this table for each of the rule's. */
const EXAMPLES: readonly [cells: string, recorded: Situation['recorded'], row: string, verdict: AttributionVerdict][] =
  [
    ['iPAA', 'none', 'old-unknown', 'inconclusive'],
    ['PPAi', 'none', 'new-unknown', 'inconclusive'],
    ['FPAA', 'none', 'flaky-old', 'flake'],
    ['PPAF', 'none', 'flaky-new', 'flake'],
    ['PFAA', 'none', 'flaky-new-tool', 'flake'],
    ['PPFA', 'none', 'flaky-new-ref', 'flake'],
    ['wPAA', 'none', 'few-old', 'inconclusive'],
    ['AAPw', 'none', 'few-new', 'inconclusive'],
    ['PiAA', 'none', 'new-tool-missing', 'inconclusive'],
    ['PPnA', 'none', 'new-ref-missing', 'inconclusive'],
    ['PPPP', 'same', 'all-equal', 'unchanged'],
    ['AAAA', 'moved', 'all-equal-world-moved', 'drift'],
    ['AAAA', 'unexplained', 'all-equal-unexplained', 'inconclusive'],
    ['PAPP', 'none', 'undone-by-each-other', 'interaction'],
    ['PPAP', 'none', 'undone-by-the-tool', 'interaction'],
    ['PPAA', 'none', 'follows-ref', 'recipe'],
    ['PPHH', 'none', 'tool-breaks-on-ref', 'inconclusive'],
    ['PAPA', 'none', 'follows-tool', 'harness'],
    ['PAAA', 'none', 'either-alone', 'both'],
    ['PHHH', 'none', 'either-alone-own', 'inconclusive'],
    ['PPPA', 'none', 'only-together', 'interaction'],
    ['PBAA', 'none', 'tool-hidden-by-ref', 'both'],
    ['PABA', 'none', 'ref-hidden-by-tool', 'both'],
    ['ABPP', 'none', 'other-beside-match', 'inconclusive'],
    ['APBP', 'none', 'match-beside-other', 'inconclusive'],
    ['PBPA', 'none', 'other-failure-of-tool', 'inconclusive'],
    ['PPBA', 'none', 'other-failure-of-ref', 'inconclusive'],
  ]

/** What follows from the same rule by its symmetries, and what the words of the contract promise. */
const MORE: readonly [cells: string, row: AttributionVerdict, why: string][] = [
  ['AAPP', 'recipe', 'a new ref that fixes is the difference too'],
  ['APAP', 'harness', 'a new tool that fixes is the difference too'],
  ['AABB', 'recipe', 'another failure is another result'],
  ['ABAB', 'harness', 'another failure is another result'],
  ['PPVA', 'recipe', 'a failure of the one was seen in the other'],
  ['PHPH', 'harness', 'an end that cc-ci blames on itself speaks of the tool'],
  ['PPPH', 'interaction', 'only the new tool breaks, and only on the new ref'],
  ['PPSS', 'recipe', 'what is no longer judged differs from a pass'],
  ['PPbb', 'inconclusive', 'an earlier tier was in the way: that tier has the answer'],
  ['PBCA', 'inconclusive', 'four ends, and none matches'],
  ['PiiA', 'inconclusive', 'a cell without a judgement is blamed on nobody'],
  ['iiii', 'inconclusive', 'nothing was judged'],
  ['FFFF', 'flake', 'all cells alike'],
]

function drawsIn(cells: string): Record<CellId, readonly Draw[]> {
  return Object.fromEntries(CELL_IDS.map((cell, index) => [cell, CELLS[cells[index] as Letter]])) as never
}

const READINGS = new Map(LETTERS.map((letter) => [letter as string, readCell(CELLS[letter], 'paired')]))

function situation(cells: string, recorded: Situation['recorded']): Situation {
  const read = Object.fromEntries(
    CELL_IDS.map((cell, index) => [cell, READINGS.get(cells[index] as string) as Reading]),
  )
  return situationOf(read as Record<CellId, Reading>, recorded)
}

describe('the table of verdicts', () => {
  it.each(EXAMPLES)('%s, recorded %s: %s', (cells, recorded, row, verdict) => {
    expect(attributionRow(situation(cells, recorded))).toMatchObject({ id: row, verdict })
  })

  it.each(MORE)('%s: %s, because %s', (cells, verdict) => {
    expect(attributionRow(situation(cells, 'none')).verdict).toBe(verdict)
  })

  it('has an example for each row', () => {
    expect(EXAMPLES.map(([, , row]) => row)).toEqual(ROWS.map(({ id }) => id))
  })

  const all = LETTERS.flatMap((a) => LETTERS.flatMap((b) => LETTERS.flatMap((c) => LETTERS.map((d) => a + b + c + d))))

  it('has exactly one row for every combination of four cells and what was recorded', () => {
    const situations = RECORDED.flatMap((recorded) => all.map((cells) => JSON.stringify(situation(cells, recorded))))
    expect(situations).toHaveLength(4 * LETTERS.length ** 4)
    const held = new Map(
      [...new Set(situations)].map((text) => {
        const rows = ROWS.filter((row) => holds(row, JSON.parse(text)))
        return [text, rows.map(({ id }) => id)] as const
      }),
    )
    expect([...held].filter(([, rows]) => rows.length !== 1)).toEqual([])
    expect(new Set([...held.values()].flat())).toEqual(new Set(ROWS.map(({ id }) => id)))
  })

  it('blames nobody where any cell was not judged', () => {
    const missing = all.filter((cells) => /[inbw]/.test(cells))
    const blamed = missing.filter((cells) =>
      RECORDED.some(
        (recorded) => !['inconclusive', 'flake'].includes(attributionRow(situation(cells, recorded)).verdict),
      ),
    )
    expect(blamed).toEqual([])
  })

  it('never blames the recipe for an end that cc-ci blames on itself', () => {
    const blamed = all.filter((cells) => {
      const { verdict } = attributionRow(situation(cells, 'none'))
      return /^H|H$/.test(cells) && (verdict === 'recipe' || verdict === 'both')
    })
    expect(blamed).toEqual([])
  })

  it('answers the same with old and new exchanged where the answer is recipe or harness', () => {
    for (const cells of all) {
      const { verdict } = attributionRow(situation(cells, 'none'))
      if (verdict !== 'recipe' && verdict !== 'harness') continue
      const [OO, NO, ON, NN] = cells
      expect(attributionRow(situation(`${NN}${ON}${NO}${OO}`, 'none')).verdict, cells).toBe(verdict)
    }
  })

  it('answers harness for recipe with tool and ref exchanged', () => {
    for (const cells of all.filter((letters) => !letters.includes('H'))) {
      const { verdict } = attributionRow(situation(cells, 'none'))
      const [OO, NO, ON, NN] = cells
      const mirrored = attributionRow(situation(`${OO}${ON}${NO}${NN}`, 'none')).verdict
      const exchanged = { recipe: 'harness', harness: 'recipe' } as const
      expect(mirrored, cells).toBe(verdict === 'recipe' || verdict === 'harness' ? exchanged[verdict] : verdict)
    }
  })
})

describe('a decision', () => {
  const moved = { ...WORLD, 'image app:1': 'sha256:0' }

  it('tells drift with what has moved since the old result was recorded', () => {
    const study = studyOf(drawsIn('AAAA'), { recorded: recordedAs(pass(), moved) })
    expect(decideAttribution(study)).toMatchObject({
      ...{ verdict: 'drift', tier: 'install' },
      movedSince: [{ what: 'image app:1', before: 'sha256:0', after: 'sha256:1' }],
    })
  })

  it('tells no drift where nothing has moved', () => {
    expect(decideAttribution(studyOf(drawsIn('AAAA'), { recorded: recordedAs(pass()) })).verdict).toBe('inconclusive')
    expect(decideAttribution(studyOf(drawsIn('AAAA'), { recorded: recordedAs(fail('a'), moved) })).verdict).toBe(
      'unchanged',
    )
  })

  it('leaves out what ran before the world moved, and says what moved', () => {
    const study = studyOf(drawsIn('PPAA'))
    const [first, ...rest] = study.runs
    const early = { ...first, conditions: { ...WORLD, engine: '28.0.0' } } as (typeof study.runs)[number]
    const decision = decideAttribution({ ...study, runs: [early, ...rest] })
    expect(decision.movedMeanwhile).toEqual([{ what: 'engine', before: '28.0.0', after: '29.1.0' }])
    expect(decision.tiers[0]?.cells.OO).toMatchObject({ kind: 'few', open: true })
  })

  it('does not take images that only one ref has for a move', () => {
    const study = studyOf(drawsIn('PPAA'))
    const runs = study.runs.map((run) =>
      run.cell === 'ON' || run.cell === 'NN' ? { ...run, conditions: { ...WORLD, 'image app:2': 'sha256:2' } } : run,
    )
    expect(decideAttribution({ ...study, runs })).toMatchObject({ verdict: 'recipe', movedMeanwhile: [] })
  })

  it('needs more of each cell where only one thing has moved', () => {
    const five = (draw: Draw) => [draw, draw, draw, draw, draw]
    const of = (OO: Draw[], NN: Draw[], moved: 'tool' | 'ref') =>
      decideAttribution(studyOf({ OO, NN }, { moved: [moved] })).verdict
    expect(of(five(pass()), five(fail('a')), 'ref')).toBe('recipe')
    expect(of(five(pass()), five(fail('a')), 'tool')).toBe('harness')
    expect(of(five(pass()), five(own()), 'ref')).toBe('inconclusive')
    expect(of(five(pass()), five(pass()), 'ref')).toBe('unchanged')
    expect(of(five(pass()), five(fail('a')).slice(1), 'ref')).toBe('inconclusive')
    expect(
      of(five(pass()), [fail('a', { sure: true }), fail('a', { sure: true }), fail('a', { sure: true })], 'ref'),
    ).toBe('recipe')
  })

  it('needs more of each cell where one ends as no other', () => {
    const study = studyOf(drawsIn('PPPA'))
    expect(decideAttribution(study)).toMatchObject({ verdict: 'inconclusive', tiers: [{ open: true }] })
    expect(decideAttribution({ ...study, runs: [...study.runs, ...study.runs] }).verdict).toBe('interaction')
  })

  it('answers for the first tier with a definite verdict, and for lint last', () => {
    const tiers = (draw: Draw) => ({ lint: [draw], install: [pass()], upgrade: [draw], backup: [blocked()] })
    const runs = studyOf(drawsIn('PPAA')).runs.map((run) => ({
      ...run,
      tiers: tiers((run.tiers.install as Draw[])[0] as Draw),
    }))
    const decision = decideAttribution({ moved: ['tool', 'ref'], runs, recorded: null })
    expect(decision).toMatchObject({ tier: 'upgrade', verdict: 'recipe' })
    expect(decision.tiers.map(({ tier, verdict }) => [tier, verdict])).toEqual([
      ['lint', 'recipe'],
      ['install', 'unchanged'],
      ['upgrade', 'recipe'],
      ['backup', 'inconclusive'],
    ])
  })
})
