import { describe, expect, it } from 'vitest'
import { type RunSummary, summaryOf } from '../../../src/history/run-summary.ts'
import { parseWeek } from '../../../src/history/weekly/week.ts'
import { endedWeeks, weeklyHeadlines, weeklyReport } from '../../../src/history/weekly/weekly.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { crash } from '../some-runs.ts'
import { idOf, rolledBack, run, story } from './story.ts'

const WEEK = parseWeek('2026-W48')
const of = (all: readonly Results[], damaged: { id: string; why: string }[] = []) =>
  weeklyReport({ runs: all.map(summaryOf), damaged }, WEEK)
const report = of(story())

describe('the report of a week', () => {
  it('counts its own runs', () => {
    expect(report.week).toEqual({ id: '2026-W48', from: '2026-11-23T00:00:00.000Z', to: '2026-11-30T00:00:00.000Z' })
    expect(report.totals).toEqual({ runs: 8, recipes: 6, pass: 6, fail: 2, unverified: 0, cut: 0 })
    expect(report.newest?.slice(0, 10)).toBe('2026-11-29')
  })

  it('says what regressed and what is fixed, each with both runs', () => {
    expect(report.regressed).toEqual([
      expect.objectContaining({
        ...{ recipe: 'gitea', track: 'release', tier: 'upgrade', word: 'regression', alsoMoved: [] },
        before: expect.objectContaining({ run: idOf('1116-101500'), cause: null }),
        after: expect.objectContaining({ run: idOf('1124-101500'), cause: 'rolled-back (app)', blame: 'recipe' }),
      }),
    ])
    expect(report.fixed).toContainEqual(
      expect.objectContaining({
        ...{ recipe: 'blog', tier: 'install', word: 'fixed' },
        before: expect.objectContaining({ run: idOf('1117-080000'), cause: 'crash-loop (app)' }),
        after: expect.objectContaining({ run: idOf('1126-080000'), released: '4.0.1+1' }),
      }),
    )
    expect(report.fixed.map(({ recipe }) => recipe)).toEqual(expect.not.arrayContaining(['wiki', 'gitea']))
  })

  it('tells routine from what needs attention', () => {
    expect(
      report.attention.map(({ recipe, reasons }) => [recipe, reasons.map(({ text, run }) => [text, run.run])]),
    ).toEqual([
      ['chat', [['restore passed on the second attempt only: not-converged at first', idOf('1127-080000')]]],
      ['gitea', [['upgrade failed: rolled-back (blame: recipe, app)', idOf('1124-101500')]]],
      ['wiki', [['backup failed: crash-loop (blame: recipe, app)', idOf('1123-090000')]]],
    ])
    expect(report.routine.map(({ recipe, runs, newest }) => [recipe, runs, newest.run])).toEqual([
      ['blog', 1, idOf('1126-080000')],
      ['cache', 1, idOf('1129-070000')],
      ['notes', 1, idOf('1129-080000')],
    ])
  })

  it('names the oldest red with when it began, and what a release would repair', () => {
    expect(
      report.oldestRed.map(({ recipe, tier, since, runs, newest }) => [recipe, tier, since.run, runs, newest.run]),
    ).toEqual([
      ['wiki', 'backup', idOf('1101-090000'), 3, idOf('1123-090000')],
      ['gitea', 'upgrade', idOf('1124-101500'), 1, idOf('1124-101500')],
    ])
    expect(report.unreleased).toEqual([
      expect.objectContaining({
        recipe: 'wiki',
        release: expect.objectContaining({ run: idOf('1123-090000'), released: '1.0.0+2', tier: 'backup' }),
        green: expect.objectContaining({ run: idOf('1125-090000'), released: null }),
      }),
    ])
  })

  it('lists flakes, recipes without tests and images that moved', () => {
    expect(report.flakes).toEqual([
      expect.objectContaining({ recipe: 'chat', tier: 'restore', runs: 2, flaky: 1, rate: 0.5 }),
    ])
    expect(report.untested.map(({ recipe }) => recipe)).toEqual(['cache'])
    expect(report.moved).toEqual([
      expect.objectContaining({
        ref: 'docker.io/library/redis:7',
        before: expect.objectContaining({ id: 'sha256:aaaa1111aaaa1111' }),
        after: expect.objectContaining({ id: 'sha256:bbbb2222bbbb2222' }),
        recipes: ['cache'],
      }),
    ])
  })

  it('is the same in whatever order runs come, and whatever came later', () => {
    const [later] = story().slice(-1)
    const earlier = story().filter((one) => one !== later)
    expect(of(story().toReversed())).toEqual(report)
    expect(of(earlier.slice(0, -1).concat(earlier.slice(-1)))).toEqual(report)
    expect(of(story().filter(({ run }) => run.id < idOf('1130'))).oldestRed).toEqual(report.oldestRed)
  })

  it('names unreadable runs of its own days', () => {
    const damaged = [
      { id: idOf('1124-000000'), why: 'torn' },
      { id: idOf('1201-000000'), why: 'torn' },
    ]
    expect(of([], damaged).damaged).toEqual([damaged[0]])
  })
})

describe('what is no news', () => {
  const gitea = { name: 'gitea', released: '3.2.0+1.24.1' }
  const red = { fails: { upgrade: rolledBack } }
  const [before, first, second] = [idOf('1116-101500'), idOf('1124-101500'), idOf('1125-101500')]

  it('is a change of a commit that is no release, to the releases', () => {
    const found = of([run(before, gitea), run(first, { name: 'gitea', at: 'bb' }, red)])
    expect(found.regressed).toEqual([expect.objectContaining({ track: 'head', word: 'new failure', before: null })])
  })

  it('is what went wrong and was put right within the week', () => {
    const found = of([run(before, gitea), run(first, gitea, red), run(second, gitea)])
    expect([found.regressed, found.fixed, found.oldestRed]).toEqual([[], [], []])
    expect(found.attention).toHaveLength(1)
  })

  it('is what outcomes of another meaning say', () => {
    const old = { ...run(before, gitea, red), evidenceSchema: 9 }
    expect(of([old, run(first, gitea)]).fixed).toEqual([])
  })

  it('is what somebody has not even committed, or stopped', () => {
    const dirty = run(first, gitea, red)
    const cut = { ...dirty, run: { ...dirty.run, interrupted: 'SIGINT' } } as const
    for (const one of [{ ...dirty, recipe: { ...dirty.recipe, dirty: true } }, cut])
      expect(of([run(before, gitea), one]).regressed).toEqual([])
    expect(of([cut]).attention[0]?.reasons[0]?.text).toBe('stopped or killed before its end')
    expect(of([cut]).totals.cut).toBe(1)
  })

  it('is a lint that decides its rung alone', () => {
    const found = of([run(first, gitea, { fails: { lint: crash } })])
    expect([found.attention, found.oldestRed, found.routine.length]).toEqual([[], [], 1])
  })
})

describe('what moved besides the recipe', () => {
  it('is named, because the recipe may then not be the cause', () => {
    const gitea = { name: 'gitea', released: '3.2.0+1.24.1' }
    const before = run(idOf('1116-101500'), gitea)
    const after = run(idOf('1124-101500'), gitea, { fails: { upgrade: rolledBack } })
    const moved = { ...after, tool: { ...after.tool, commit: 'c'.repeat(40) } }
    expect(of([before, moved]).regressed[0]?.alsoMoved).toEqual(['tool'])
  })
})

describe('a repair that is not released', () => {
  const release = run(idOf('1123-090000'), { name: 'wiki', released: '1.0.0+2' }, { fails: { backup: crash } })
  const head = (version: string, when: string) => run(idOf(when), { name: 'wiki', at: 'bb', version })

  it.each<[string, Results[]]>([
    ['ran before the release did', [release, head('1.0.0+2', '1122-090000')]],
    ['is older than the release', [release, head('0.9.0+1', '1125-090000')]],
    ['was released meanwhile', [release, run(idOf('1125-090000'), { name: 'wiki', at: 'bb', released: '1.0.1+2' })]],
    [
      'has the release green again',
      [release, run(idOf('1124-090000'), { name: 'wiki', released: '1.0.0+2' }), head('1.0.0+2', '1125-090000')],
    ],
    ['did not judge what was red', [release, without(head('1.0.0+2', '1125-090000'), 'backup')]],
  ])('is none where it %s', (_, all) => {
    expect(of(all).unreleased).toEqual([])
  })

  function without(made: Results, id: string): Results {
    const leftOut = { status: 'skip', skipKind: 'not-selected' } as const
    return { ...made, tiers: made.tiers.map((tier) => (tier.id === id ? { ...tier, ...leftOut } : tier)) }
  }
})

it('says in a list of weeks what the report of each says', () => {
  const runs = [...story(), { ...run(idOf('1201-101500'), { name: 'gitea' }), evidenceSchema: 9 }].map(summaryOf)
  const weeks = endedWeeks(runs, Date.parse('2027-01-01T00:00:00Z'), 9)
  expect(weeks.length).toBeGreaterThan(4)
  expect(weeklyHeadlines(runs.toReversed(), weeks)).toEqual(
    weeks.map((week) => {
      const { week: named, totals, regressed, fixed, attention } = weeklyReport({ runs, damaged: [] }, week)
      const lengths = { regressed: regressed.length, fixed: fixed.length, attention: attention.length }
      return { week: named, totals, ...lengths }
    }),
  )
})

it('lists weeks that are over and had runs, newest first', () => {
  const runs: RunSummary[] = story().map(summaryOf)
  const now = Date.parse('2026-12-02T00:00:00Z')
  expect(endedWeeks(runs, now, 9).map(({ id }) => id)).toEqual(['2026-W48', '2026-W47', '2026-W46', '2026-W44'])
  expect(endedWeeks(runs, now, 1).map(({ id }) => id)).toEqual(['2026-W48'])
})
