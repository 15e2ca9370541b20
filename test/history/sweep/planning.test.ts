import { describe, expect, it } from 'vitest'
import { isEmptyPlan } from '../../../src/history/sweep/planning.ts'
import type { PlannedCell } from '../../../src/history/sweep/record.ts'
import { type CurrentWorld, upToDate } from '../../../src/history/sweep/up-to-date.ts'
import { candidate, commit, GIB, plan, run, worldOf } from './some-sweeps.ts'

const reasons = (cells: readonly PlannedCell[]) => cells.map(({ key, reason }) => [key, reason?.code ?? 'run'])

describe('a plan has every cell, with why it is not run', () => {
  it('runs the newest release and each open head', () => {
    const of = plan([
      candidate('gitea', {
        heads: [
          { name: 'main', commit: commit('2') },
          { name: '#7', commit: commit('3') },
        ],
      }),
    ])
    expect(of.cells.map(({ key, ref, commit: id, reason }) => [key, ref, id?.[0], reason])).toEqual([
      ['gitea@release', '1.0.0+1.0', '1', null],
      ['gitea@main', 'main', '2', null],
      ['gitea@#7', '#7', '3', null],
    ])
  })

  it('names each reason', () => {
    const of = plan([
      candidate('bare', { release: null }),
      candidate('big', { memoryBytes: 9 * GIB, heads: [] }),
      candidate('gone', { heads: [{ name: 'next', commit: null }] }),
      candidate('same', { heads: [{ name: 'main', commit: commit('1') }] }),
      candidate('shut', { heads: [], problem: { code: 'unreadable', text: 'no such folder' } }),
      candidate('stranger', { heads: [], problem: { code: 'not-enrolled', text: 'on no list' } }),
    ])
    expect(reasons(of.cells)).toEqual([
      ['bare@release', 'no-release'],
      ['bare@main', 'run'],
      ['big@release', 'too-big'],
      ['gone@release', 'run'],
      ['gone@next', 'unreadable'],
      ['same@release', 'run'],
      ['same@main', 'same-commit'],
      ['shut@release', 'unreadable'],
      ['stranger@release', 'not-enrolled'],
    ])
  })

  it('leaves out what is excluded, of all cells or of one, and runs it again when that has expired', () => {
    const exclude = [
      { recipe: 'Ghost', reason: 'needs a mail server', expires: '2026-11-30' },
      { recipe: 'gitea', cell: 'main', reason: 'being rewritten', expires: '2027-01-31' },
      { recipe: 'wiki', reason: 'was broken upstream', expires: '2026-11-29' },
      { recipe: 'nobody', reason: 'left here', expires: '2027-01-31' },
    ]
    const of = plan([candidate('ghost'), candidate('gitea'), candidate('wiki')], { exclude })
    expect(reasons(of.cells)).toEqual([
      ['ghost@release', 'excluded'],
      ['ghost@main', 'excluded'],
      ['gitea@release', 'run'],
      ['gitea@main', 'excluded'],
      ['wiki@release', 'run'],
      ['wiki@main', 'run'],
    ])
    expect(of.cells[0]?.reason?.text).toBe('needs a mail server (until 2026-11-30)')
    expect(of.notes.map(({ severity, code }) => [severity, code])).toEqual([
      ['error', 'exclusion-expired'],
      ['warning', 'exclusion-of-nothing'],
    ])
  })

  it('comes to nothing where no cell is run or spoken for', () => {
    expect(isEmptyPlan(plan([]))).toBe(true)
    expect(isEmptyPlan(plan([candidate('a', { release: null, heads: [] })]))).toBe(true)
    expect(isEmptyPlan(plan([candidate('a', { heads: [] })]))).toBe(false)
  })

  it('--changed leaves out what an earlier run speaks for, and names it', () => {
    const one = run('gitea', '1', { id: '20261129-000000-aaaaaa' })
    const of = plan([candidate('gitea')], { mode: 'changed', runs: [one], world: worldOf(one) })
    expect(of.cells.map(({ reason }) => reason && [reason.code, reason.run])).toEqual([['up-to-date', one.id], null])
    expect(isEmptyPlan({ ...of, cells: of.cells.slice(0, 1) })).toBe(false)
    expect(plan([candidate('gitea')], { runs: [one], world: worldOf(one) }).cells[0]?.reason).toBeNull()
  })
})

describe('an earlier run speaks for a cell only where it would be made again just the same', () => {
  const one = run('gitea', '2', { id: '20261129-000000-aaaaaa' })
  const cell = {
    recipe: 'gitea',
    recordedName: 'gitea',
    commit: commit('2'),
    head: 'main',
    release: one.base?.version ?? null,
    memoryBytes: 2 * 1024 ** 3,
  }
  const asked = (world: Partial<CurrentWorld> = {}, more: Partial<typeof cell> = {}, runs = [one]) =>
    upToDate(
      { ...cell, ...more },
      (name, id) => runs.filter(({ recipe }) => recipe.name === name && recipe.commit === id),
      { ...worldOf(one), ...world },
    )

  it('the same', () => expect(asked()).toEqual({ run: one }))

  it.each([
    ['cc-ci is another', { tool: { version: one.tool.version, commit: commit('9') } }, {}],
    ['its outcomes mean something else', { evidenceSchema: 2 }, {}],
    ['the environment is not known', { environment: null }, {}],
    ['engine is another', { environment: { ...worldOf(one).environment, engine: '99' } }, {}],
    ['a fact is another', { environment: { ...worldOf(one).environment, 'a fact': 'new' } }, {}],
    ['its base may be another', {}, { release: '9.0.0+1' }],
    ['settings have changed', { settingsChanged: () => true }, {}],
    ['image nginx is another', { movedImage: () => 'image nginx is another' }, {}],
  ] as const)('%s', (why, world, more) => {
    expect(asked(world, more)).toEqual({ run: null, why })
  })

  it('the newest counts, also where an older one would do', () => {
    const stopped = { ...run('gitea', '2', { id: '20261129-010000-aaaaaa' }), whole: false }
    expect(asked({}, {}, [stopped, one])).toEqual({ run: null, why: 'it was stopped' })
    const unjudged = { ...one, verdict: 'unverified' as const }
    expect(asked({}, {}, [unjudged])).toEqual({ run: null, why: 'it was not judged' })
    const [first, ...rest] = one.tiers
    const partial = { ...one, tiers: [...(first ? [{ ...first, status: 'not-judged' as const }] : []), ...rest] }
    expect(asked({}, {}, [partial])).toEqual({ run: null, why: 'it left tiers out' })
  })

  it('another commit, or changes on top of it, say nothing', () => {
    expect(asked({}, { commit: commit('3') })).toEqual({ run: null, why: null })
    expect(asked({}, {}, [{ ...one, recipe: { ...one.recipe, dirty: true } }])).toEqual({ run: null, why: null })
  })
})
