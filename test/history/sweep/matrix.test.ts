import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../../src/history/run-summary.ts'
import { previousOf } from '../../../src/history/sweep/matrix.ts'
import { type MatrixCell, matrixSchema } from '../../../src/history/sweep/record.ts'
import { sweepVerdictOf } from '../../../src/history/sweep/verdict.ts'
import { cause } from '../../../src/verdict/causes.ts'
import { crash } from '../some-runs.ts'
import { candidate, commit, matrix, plan, run, worldOf } from './some-sweeps.ts'

const BEFORE = '20261123-020000-aaaaaa'
const fails = { upgrade: crash }

/** One recipe with a head, swept twice; what the second sweep says of the head. */
function twice(before: RunSummary, after: RunSummary): MatrixCell {
  const release = run('gitea', '1', { id: '20261120-000000-rrrrrr' })
  const ends = (head: RunSummary) => ({ 'gitea@release': release, 'gitea@main': head })
  const first = matrix(plan([candidate('gitea')], { id: BEFORE }), ends(before))
  const digit = after.recipe.commit
  const second = plan([candidate('gitea', { heads: [{ name: 'main', commit: digit }] })])
  return matrix(second, ends(after), first, [before, after]).cells[1] as MatrixCell
}

const before = run('gitea', '2', { id: '20261123-020100-aaaaab' })

describe('what became of a cell since the sweep before', () => {
  it('a regression of the recipe: only its commit has moved, and both runs are named', () => {
    const cell = twice(before, run('gitea', '3', { id: '20261130-020100-aaaaac', fails }))
    expect(cell.change).toMatchObject({
      ...{ word: 'regression', owner: 'recipe', command: null, before: { status: 'pass', run: before.id } },
      moved: [{ dimension: 'recipe', before: '2222222222', after: '3333333333' }],
    })
    expect(cell.change?.tiers).toContainEqual({ id: 'upgrade', word: 'regression' })
    expect(cell).toMatchObject({ status: 'fail', run: '20261130-020100-aaaaac' })
  })

  it('a regression of the harness: only cc-ci has moved', () => {
    const tool = { name: 'cc-ci', version: '0.2.0', commit: commit('c') } as const
    const cell = twice(before, run('gitea', '2', { id: '20261130-020100-aaaaac', fails, header: { tool } }))
    expect(cell.change).toMatchObject({ word: 'regression', owner: 'harness' })
  })

  it('both have moved: unknown, with the command that tells them apart', () => {
    const tools = [commit('b'), commit('c')].map((one) => ({ name: 'cc-ci', version: '0.2.0', commit: one }) as const)
    const [old, fresh] = [run('gitea', '2', { id: before.id, header: { tool: tools[0] } }), tools[1]]
    const cell = twice(old, run('gitea', '3', { id: '20261130-020100-aaaaac', fails, header: { tool: fresh } }))
    expect(cell.change).toMatchObject({
      owner: 'unknown',
      command: `cc-ci ab /recipes/gitea --ref ${commit('2')}..${commit('3')} --tool ${commit('b')}..${commit('c')}`,
    })
  })

  it('nothing that is recorded has moved: a flake', () => {
    expect(twice(before, run('gitea', '2', { id: '20261130-020100-aaaaac', fails })).change).toMatchObject({
      ...{ word: 'regression', owner: 'flake', moved: [] },
    })
  })

  it('still failing for the same cause is no difference, another cause is', () => {
    const red = run('gitea', '2', { id: before.id, fails })
    expect(twice(red, run('gitea', '3', { id: '20261130-020100-aaaaac', fails })).change).toMatchObject({
      ...{ word: 'still failing', owner: null },
    })
    const other = { upgrade: cause('oom-killed', 'app needs more', { service: 'app' }) }
    expect(twice(red, run('gitea', '3', { id: '20261130-020100-aaaaac', fails: other })).change).toMatchObject({
      ...{ word: 'other failure', owner: 'recipe' },
    })
    expect(twice(red, run('gitea', '3', { id: '20261130-020100-aaaaac' })).change).toMatchObject({ word: 'fixed' })
  })

  it('what was not judged blames nobody, and is to be run again', () => {
    const engine = { install: cause('engine-lost', 'it is gone') }
    const cell = twice(before, run('gitea', '3', { id: '20261130-020100-aaaaac', fails: engine }))
    expect(cell.change).toMatchObject({ owner: 'unknown' })
    expect(cell.change?.command).toContain('cc-ci ab /recipes/gitea --ref')
  })
})

describe('a matrix', () => {
  const release = run('gitea', '1', { id: '20261120-000000-rrrrrr' })

  it('counts what appeared and disappeared, with whose it is, and adds up', () => {
    const head = run('gitea', '2', { id: '20261123-020100-aaaaab' })
    const other = run('ghost', '1', { id: '20261123-020100-aaaaad' })
    const first = matrix(
      plan([candidate('gitea', { heads: [{ name: '#4', commit: commit('2') }] }), candidate('ghost', { heads: [] })], {
        id: BEFORE,
      }),
      { 'gitea@release': release, 'gitea@#4': head, 'ghost@release': other },
    )
    const now = plan(
      [candidate('gitea', { heads: [{ name: '#5', commit: commit('3') }] }), candidate('wiki', { heads: [] })],
      { place: 'server' },
    )
    const made = matrix(
      now,
      {
        'gitea@release': release,
        'gitea@#5': run('gitea', '3', { id: '20261130-020100-aaaaac' }),
        'wiki@release': other,
      },
      first,
    )
    expect(made.reconciled).toEqual({ before: 3, appeared: 2, disappeared: 2, now: 3 })
    const reported = (cells: readonly MatrixCell[]) =>
      cells.filter(({ change }) => change?.owner).map(({ key, change }) => [key, change?.word, change?.owner])
    expect(reported([...made.cells, ...made.disappeared])).toEqual([
      ['gitea@#5', 'appeared', 'recipe'],
      ['wiki@release', 'appeared', 'operator'],
      ['gitea@#4', 'disappeared', 'recipe'],
      ['ghost@release', 'disappeared', 'operator'],
    ])
  })

  it('a recipe that can be deployed no more is red by its commit, and what is known to have moved decides', () => {
    const refused = { code: 'compose-invalid', blame: 'recipe', message: 'no' }
    const one = plan([candidate('gitea', { heads: [] })], { id: BEFORE })
    const first = matrix(one, { 'gitea@release': release })
    const reported = (tag: string, more: Parameters<typeof plan>[1] = {}) => {
      const of = plan([candidate('gitea', { release: { tag: '1.1.0+1', commit: commit(tag) }, heads: [] })], more)
      return matrix(of, { 'gitea@release': refused }, first, [release]).cells[0]?.change
    }
    const tool = { version: '0.2.0', commit: commit('c') }
    const world = { ...worldOf(release), tool }
    expect(reported('3')).toMatchObject({ word: 'regression', owner: 'recipe', moved: [{ dimension: 'recipe' }] })
    expect(reported('1', { world })).toMatchObject({ word: 'regression', owner: 'harness' })
    expect(reported('3', { world })).toMatchObject({ word: 'regression', owner: 'unknown' })
    // Nothing that is known has moved, and the world is not known.
    expect(reported('1')).toMatchObject({ word: 'regression', owner: 'unknown' })
    const second = matrix(one, { 'gitea@release': refused })
    const other = { ...refused, code: 'config-invalid' }
    const again = (end: typeof refused) =>
      matrix(plan([candidate('gitea', { heads: [] })]), { 'gitea@release': end }, second).cells[0]?.change?.word
    expect([again(refused), again(other)]).toEqual(['still failing', 'other failure'])
  })

  it('what went because its recipe could not be read is not called closed', () => {
    const place = 'server'
    const first = matrix(plan([candidate('gitea')], { id: BEFORE, place }), { 'gitea@release': release })
    const problem = { code: 'unreadable', text: 'the forge refuses' } as const
    const now = plan([candidate('gitea', { release: null, heads: [], problem })], { place })
    const [gone] = matrix(now, {}, first, [release]).disappeared
    expect(gone?.change).toMatchObject({ word: 'disappeared', owner: 'unknown' })
  })

  it('throws where the cells of two sweeps do not add up', () => {
    const one = plan([candidate('gitea', { heads: [] })], { id: BEFORE })
    const first = matrix(one, { 'gitea@release': release })
    const doubled = { ...first, cells: [...first.cells, ...first.cells] }
    expect(() => matrix(plan([candidate('gitea', { heads: [] })]), { 'gitea@release': release }, doubled)).toThrow(
      /do not add up/,
    )
  })

  it("an exclusion that is new is the operator's, and one that ended too", () => {
    const exclude = [{ recipe: 'gitea', reason: 'needs port 25', expires: '2026-12-31' }]
    const free = matrix(plan([candidate('gitea', { heads: [] })], { id: BEFORE }), { 'gitea@release': release })
    const shut = matrix(plan([candidate('gitea', { heads: [] })], { exclude }), {}, free, [release])
    expect(shut.cells[0]).toMatchObject({ status: 'not-run', change: { word: 'unknown', owner: 'operator' } })
    expect(sweepVerdictOf(shut)).toBe('nothing')
  })

  it('a run without results is red where the recipe is to blame, else not judged', () => {
    const of = plan([candidate('gitea'), candidate('ghost')])
    const refused = (code: string, blame: string) => ({ code, blame, message: 'no' })
    const made = matrix(of, {
      'gitea@release': release,
      'gitea@main': refused('compose-invalid', 'recipe'),
      'ghost@release': refused('engine-gone', 'infra'),
    })
    expect(made.cells.map(({ status, trouble }) => [status, trouble])).toEqual([
      ['pass', null],
      ['fail', 'compose-invalid: no'],
      ['unverified', 'engine-gone: no'],
      ['unverified', 'it was never begun'],
    ])
    expect(made.counts).toEqual({ recipes: 2, cells: 4, pass: 1, fail: 1, unverified: 2, notRun: 0, worse: 0 })
    expect(sweepVerdictOf(made)).toBe('fail')
  })

  it('a head that is the release itself ends as the release does', () => {
    const of = plan([candidate('gitea', { heads: [{ name: 'main', commit: commit('1') }] })])
    expect(of.cells[1]?.reason?.code).toBe('same-commit')
    expect(matrix(of, { 'gitea@release': release }).cells[1]).toMatchObject({ status: 'pass', run: release.id })
  })

  it('keeps its published schema', () => {
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(matrixSchema())
    const first = matrix(plan([candidate('gitea')], { id: BEFORE }), { 'gitea@release': release })
    const made = matrix(plan([candidate('gitea')]), { 'gitea@release': release }, first)
    expect(validate(JSON.parse(JSON.stringify(made))), JSON.stringify(validate.errors)).toBe(true)
    expect(validate({ ...made, counts: { ...made.counts, pass: 'all' } })).toBe(false)
  })
})

describe('the sweep before', () => {
  const release = run('gitea', '1', { id: '20261120-000000-rrrrrr' })
  const kept = (id: string, more: Parameters<typeof plan>[1] = {}) => {
    const of = plan([candidate('gitea')], { id, ...more })
    return { plan: of, matrix: matrix(of, { 'gitea@release': release }) }
  }
  const all = kept('20261116-020000-aaaaaa')
  const some = kept('20261117-020000-aaaaaa', { only: ['gitea'] })

  it('is the newest that covers the same recipes', () => {
    expect(previousOf(plan([candidate('gitea')]), [some, all])?.id).toBe(all.plan.id)
    expect(previousOf(plan([candidate('gitea')], { only: ['gitea'] }), [some, all])?.id).toBe(some.plan.id)
    expect(previousOf(plan([candidate('gitea')], { only: ['gitea', 'ghost'] }), [some])).toBeNull()
  })

  it('is none of another evidence schema, of another place, or of itself', () => {
    const other = { ...all, plan: { ...all.plan, evidenceSchema: 99 } }
    expect(previousOf(plan([candidate('gitea')]), [other])).toBeNull()
    expect(previousOf(plan([candidate('gitea')], { place: 'server' }), [all])).toBeNull()
    expect(previousOf(all.plan, [all])).toBeNull()
  })
})
