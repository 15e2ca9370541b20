import { describe, expect, it } from 'vitest'
import {
  type CellId,
  type CellRun,
  cellsOf,
  type Draw,
  type Factor,
  type Study,
} from '../../../src/history/attribution/contract.ts'
import { decideAttribution } from '../../../src/history/attribution/decide.ts'
import { nextRun } from '../../../src/history/attribution/schedule.ts'
import type { AttributionVerdict } from '../../../src/history/attribution/table.ts'
import { fail, infra, pass, recordedAs, runOf, WORLD } from './studies.ts'

/** The share of runs of every case that end without a judgement. */
const NOISE = 0.05
const TRIALS = 400
/** As the command's own default. */
const MOST_RUNS = 24
const BLAMES: readonly AttributionVerdict[] = ['recipe', 'harness', 'both', 'interaction', 'drift']

type Random = () => number

interface Case {
  readonly right: AttributionVerdict
  readonly moved?: readonly Factor[]
  /** One run of a cell. */
  readonly run: (cell: CellId, random: Random) => Draw
  /** What was recorded of the old ends, in a world where an image was another one. Default: nothing. */
  readonly recorded?: (random: Random) => Draw
  readonly noise?: number
  /** A verdict that is not asked for and blames nobody wrongly. */
  readonly alsoTrue?: AttributionVerdict
}

const newRef = (cell: CellId) => cell === 'ON' || cell === 'NN'
const newTool = (cell: CellId) => cell === 'NO' || cell === 'NN'
const flaky = (rate: number, random: Random) => (random() < rate ? fail('not-converged') : pass())

const SEEDED: Readonly<Record<string, Case>> = {
  'recipe, tool moved too': {
    right: 'recipe',
    run: (cell) => (newRef(cell) ? fail('data-lost') : pass()),
    recorded: pass,
  },
  'recipe, sure from its cause': {
    right: 'recipe',
    run: (cell) => (newRef(cell) ? fail('crash-loop', { sure: true }) : pass()),
  },
  'recipe, fixed': { right: 'recipe', run: (cell) => (newRef(cell) ? pass() : fail('data-lost')) },
  'recipe, fails in two ways': {
    right: 'recipe',
    run: (cell, random) => (newRef(cell) ? fail(random() < 0.5 ? 'not-converged' : 'healthcheck-failing') : pass()),
  },
  'harness, ref moved too': {
    right: 'harness',
    run: (cell) => (newTool(cell) ? fail('proxy-fallback') : pass()),
    recorded: pass,
  },
  'both, one failure': { right: 'both', run: (cell) => (cell === 'OO' ? pass() : fail('proxy-fallback')) },
  'both, the tool hides the recipe': {
    right: 'both',
    run: (cell) => (newTool(cell) ? fail('proxy-fallback') : newRef(cell) ? fail('data-lost') : pass()),
  },
  interaction: { right: 'interaction', run: (cell) => (cell === 'NN' ? fail('data-lost') : pass()) },
  'drift, an image moved': { right: 'drift', run: () => fail('data-lost'), recorded: pass },
  'nothing at all': { right: 'unchanged', run: pass, recorded: pass },
  'flake of 30 %': { right: 'flake', run: (_, random) => flaky(0.3, random), recorded: (random) => flaky(0.3, random) },
  'flake of 50 %': { right: 'flake', run: (_, random) => flaky(0.5, random), recorded: (random) => flaky(0.5, random) },
  'flake of 50 % with the new ref': {
    right: 'flake',
    alsoTrue: 'recipe',
    run: (cell, random) => (newRef(cell) ? flaky(0.5, random) : pass()),
  },
  'infra, one cell': {
    right: 'inconclusive',
    run: (cell) => (cell === 'NN' ? infra() : newRef(cell) ? fail('data-lost') : pass()),
  },
  'infra, everywhere': { right: 'inconclusive', run: infra },
  'recipe, tool held': { right: 'recipe', moved: ['ref'], run: (cell) => (newRef(cell) ? fail('data-lost') : pass()) },
  'harness, ref held': {
    right: 'harness',
    moved: ['tool'],
    run: (cell) => (newTool(cell) ? fail('proxy-fallback') : pass()),
  },
  'flake of 30 %, tool held': { right: 'flake', moved: ['ref'], run: (_, random) => flaky(0.3, random) },
  'flake of 50 %, ref held': { right: 'flake', moved: ['tool'], run: (_, random) => flaky(0.5, random) },
}

/** Uniform in [0, 1): the same numbers for the same seed on every machine (Mulberry32). */
function seeded(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** An attribution as the command makes it, with a world that is drawn. */
function trial({ run, recorded, moved = ['tool', 'ref'], noise = NOISE }: Case, random: Random): Study {
  const old = recorded ? recordedAs(recorded(random), { ...WORLD, 'image app:1': 'sha256:0' }) : null
  let study: Study = { moved, runs: [], recorded: old }
  for (let next = nextRun(study); next && study.runs.length < MOST_RUNS; next = nextRun(study)) {
    const drawn = random() < noise ? infra() : run(next.cell, random)
    study = { ...study, runs: [...study.runs, runOf(next.cell, [drawn])] }
  }
  return study
}

function figures(seed: number, seededCase: Case) {
  const random = seeded(seed)
  const ends = Array.from({ length: TRIALS }, () => {
    const study = trial(seededCase, random)
    return { verdict: decideAttribution(study).verdict, runs: study.runs.length }
  })
  const share = (of: (verdict: AttributionVerdict) => boolean) =>
    ends.filter(({ verdict }) => of(verdict)).length / TRIALS
  return {
    right: share((verdict) => verdict === seededCase.right),
    wrong: share(
      (verdict) => verdict !== seededCase.right && verdict !== seededCase.alsoTrue && BLAMES.includes(verdict),
    ),
    runs: ends.reduce((sum, { runs }) => sum + runs, 0) / TRIALS,
    most: Math.max(...ends.map(({ runs }) => runs)),
  }
}

describe(`simulated attributions, ${TRIALS} of each, ${100 * NOISE} % of the runs without a judgement`, () => {
  it.each(Object.keys(SEEDED))('%s', (name) => {
    const { right, wrong, runs, most } = figures(Object.keys(SEEDED).indexOf(name) + 1, SEEDED[name] as Case)
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(7)
    process.stdout.write(
      `${name.padEnd(34)} right ${percent(right)}  wrong blame ${percent(wrong)}  runs ${runs.toFixed(1)} (at most ${most})\n`,
    )
    expect(right).toBeGreaterThanOrEqual(0.95)
    expect(wrong).toBeLessThanOrEqual(0.02)
  })

  it('meets a change with time in all cells alike', () => {
    // Runs get slower, fuller, later: from the seventh on everything fails. No cell may have run only before or only after that.
    let study: Study = { moved: ['tool', 'ref'], runs: [], recorded: null }
    for (let next = nextRun(study); next; next = nextRun(study)) {
      study = {
        ...study,
        runs: [...study.runs, runOf(next.cell, [study.runs.length < 6 ? pass() : fail('not-converged')])],
      }
    }
    expect(decideAttribution(study).verdict).toBe('flake')
  })
})

describe('the order of runs', () => {
  const cells = (run: (cell: CellId) => Draw, moved: readonly Factor[] = ['tool', 'ref']) => {
    const runs: CellRun[] = []
    for (let next = nextRun({ moved, runs, recorded: null }); next; next = nextRun({ moved, runs, recorded: null })) {
      runs.push(runOf(next.cell, [run(next.cell)]))
    }
    return runs.map(({ cell }) => cell).join(' ')
  }

  it('is by turns, each round the other way', () => {
    expect(cells(pass)).toBe('OO NO ON NN NN ON NO OO OO NO ON NN')
    expect(cells(pass, ['ref'])).toBe('OO NN NN OO OO NN NN OO OO NN')
  })

  it('leaves out of the last round what a sure cause has decided', () => {
    expect(cells((cell) => (newRef(cell) ? fail('crash-loop', { sure: true }) : pass()))).toBe(
      'OO NO ON NN NN ON NO OO OO NO',
    )
  })

  it('gives a cell up that cannot be judged, and then stops', () => {
    expect(cells((cell) => (cell === 'NO' ? infra() : pass()))).toBe('OO NO ON NN NN ON NO OO OO NO')
  })

  it('ends the round that a flake was found in', () => {
    const drawn = [pass(), pass(), pass(), pass(), fail('not-converged')]
    expect(cells(() => drawn.shift() ?? pass())).toBe('OO NO ON NN NN ON NO OO')
  })

  it('runs again what ran before the world moved', () => {
    const before = cellsOf(['tool', 'ref']).map((cell) => runOf(cell, [pass()], { ...WORLD, engine: '28.0.0' }))
    const after = runOf('NN', [pass()])
    expect(nextRun({ moved: ['tool', 'ref'], runs: [...before, after], recorded: null })?.cell).toBe('ON')
  })
})
