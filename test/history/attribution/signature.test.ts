import { describe, expect, it } from 'vitest'
import type { Draw } from '../../../src/history/attribution/contract.ts'
import {
  comparedResults,
  conditionsOf,
  drawsOf,
  drawsWithoutResults,
  keyOf,
} from '../../../src/history/attribution/signature.ts'
import type { RunEvent } from '../../../src/verdict/events.ts'
import { fold } from '../../../src/verdict/fold.ts'
import { passingDrafts, passingStream, stamped } from '../../verdict/passing-stream.ts'
import { ends, twice } from '../../verdict/two-attempts.ts'

const compared = (events: readonly RunEvent[]) => comparedResults.parse(JSON.parse(JSON.stringify(fold(events))))
const draws = (events: readonly RunEvent[]) => drawsOf(compared(events))
const reported = (of: readonly Draw[] | undefined) =>
  of?.map((draw) => (draw.evidence ? keyOf(draw.signature) : `(${draw.because})`))

describe('the draws of a run', () => {
  it('are passes where it passed, and one of its plan', () => {
    const all = draws(passingStream())
    expect(Object.keys(all)).toEqual(expect.arrayContaining(['plan', 'lint', 'install', 'upgrade', 'teardown']))
    for (const tier of Object.values(all)) expect(reported(tier)).toEqual(['pass'])
  })

  it('have status, code, blame and service of a failure, and none of its prose', () => {
    const { install } = draws(
      passingStream({ install: ends('install', 'not-converged', 'words that differ each time') }),
    )
    expect(reported(install)).toEqual(['fail not-converged/recipe'])
    expect(JSON.stringify(install)).not.toContain('words')
  })

  it('are no evidence where the machine is to blame, or an earlier tier was in the way', () => {
    const { install, upgrade } = draws(
      passingStream({
        install: ends('install', 'engine-lost'),
        upgrade: [{ type: 'tier.blocked', tier: 'upgrade', by: 'install' }],
      }),
    )
    expect(reported(install)).toEqual(['(unjudged)'])
    expect(reported(upgrade)).toEqual(['(blocked)'])
  })

  it('are no evidence where cc-ci blames itself for what may be chance', () => {
    expect(reported(draws(passingStream({ install: ends('install', 'screenshot-failed') })).install)).toEqual([
      '(unjudged)',
    ])
  })

  it('are evidence where cc-ci blames itself for what would come again', () => {
    expect(reported(draws(passingStream({ install: ends('install', 'harness-error') })).install)).toEqual([
      'unverified harness-error/ci',
    ])
  })

  it('leave out what nobody asked for, and keep what the recipe has nothing for', () => {
    const skipped = (kind: 'not-selected' | 'structural') =>
      draws(passingStream({ backup: [{ type: 'tier.skipped', tier: 'backup', kind, reason: 'so' }] })).backup
    expect(skipped('not-selected')).toBeUndefined()
    expect(reported(skipped('structural'))).toEqual(['skip structural'])
  })

  it('are two of a run that was repeated, of what was judged twice', () => {
    const all = draws(twice({ upgrade: ends('upgrade', 'not-converged') }))
    expect(reported(all.upgrade)).toEqual(['fail not-converged/recipe', 'pass'])
    expect(reported(all.install)).toEqual(['pass', 'pass'])
    expect(reported(all.lint)).toEqual(['pass'])
  })

  it('are no evidence of a run that was stopped, or has no end', () => {
    const drafts = passingDrafts()
    const end = drafts.findIndex(({ type }) => type === 'run.ended')
    const stopped = drafts.toSpliced(end, 0, { type: 'run.interrupted', signal: 'SIGTERM' })
    for (const events of [stamped(stopped), stamped(drafts.slice(0, end))]) {
      expect(reported(draws(events).install)).toEqual(['(unjudged)'])
    }
  })

  it('of other builds keep codes and tiers that this one does not know', () => {
    const results = JSON.parse(JSON.stringify(fold(passingStream())))
    const cause = { code: 'burnt', blame: 'upstream', service: 'oven', message: '', hint: '', lines: [] }
    results.tiers.push({ id: 'baking', status: 'fail', reason: '', cause })
    const { baking } = drawsOf(comparedResults.parse(results))
    expect(reported(baking)).toEqual(['fail burnt/upstream/oven'])
    expect(comparedResults.safeParse({ ...results, schema: 2 }).success).toBe(false)
  })

  it('without results are evidence where the recipe or cc-ci is to blame, and none else', () => {
    expect(reported(drawsWithoutResults('compose-invalid', 'recipe').plan)).toEqual(['fail compose-invalid/recipe'])
    expect(reported(drawsWithoutResults('harness-error', 'ci').plan)).toEqual(['unverified harness-error/ci'])
    for (const blame of ['infra', 'user', null])
      expect(reported(drawsWithoutResults('x', blame).plan)).toEqual(['(unjudged)'])
  })
})

describe('the conditions of a run', () => {
  it('are the machine and the images, without what changes all the time', () => {
    expect(conditionsOf({ ...compared(passingStream()), images: [{ ref: 'app:1', id: 'sha256:1' }] })).toEqual({
      ...{ engine: '20.10.24', api: '1.41', processors: '2', memory: 'about 4 GiB' },
      'image app:1': 'sha256:1',
    })
  })
})
