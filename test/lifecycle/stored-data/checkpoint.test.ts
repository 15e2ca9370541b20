import { describe, expect, it } from 'vitest'
import { digestDifference } from '../../../src/lifecycle/planning/release-digest.ts'
import {
  type Checkpoint,
  type CheckpointTier,
  type ResumedRun,
  remainingTiers,
  resumeSkipReason,
} from '../../../src/lifecycle/stored-data/checkpoint.ts'
import { type TierId, USUAL_TIERS, withNeeds } from '../../../src/verdict/tiers.ts'

function resumed(after: CheckpointTier, passed: readonly TierId[]): ResumedRun {
  return { run: 'R', passed, checkpoint: { after } as Checkpoint }
}

describe('what is left to judge', () => {
  it.each<[string, CheckpointTier, TierId[], TierId[]]>([
    [
      'the upgrade failed',
      'install',
      ['install'],
      ['upgrade', 'backup', 'restore', 'functional', 'integration', 'resilience'],
    ],
    [
      'backup failed',
      'upgrade',
      ['install', 'upgrade', 'resilience'],
      ['backup', 'restore', 'functional', 'integration'],
    ],
    // A restore needs a snapshot, which went with the run.
    [
      'restore failed',
      'backup',
      ['install', 'upgrade', 'backup', 'functional', 'integration', 'resilience'],
      ['backup', 'restore'],
    ],
    [
      'functional failed',
      'backup',
      ['install', 'upgrade', 'backup', 'restore', 'integration', 'resilience'],
      ['functional'],
    ],
    [
      'restore and resilience failed',
      'backup',
      ['install', 'upgrade', 'backup', 'functional'],
      ['backup', 'restore', 'integration', 'resilience'],
    ],
  ])('where %s', (_, after, passed, left) => {
    expect(remainingTiers(USUAL_TIERS, resumed(after, passed))).toEqual(['lint', ...left, 'teardown'])
  })

  it('is never more than was asked for, but for what that needs', () => {
    const asked = withNeeds(['functional', 'teardown'])
    expect(remainingTiers(asked, resumed('upgrade', ['install']))).toEqual(['functional', 'teardown'])
  })

  it('leaves the way back out where the upgrade is over', () => {
    const asked = withNeeds(['rollback', 'teardown'])
    expect(remainingTiers(asked, resumed('install', ['install']))).toEqual(['upgrade', 'rollback', 'teardown'])
    expect(remainingTiers(asked, resumed('backup', ['install', 'upgrade']))).toEqual(['teardown'])
    expect(resumeSkipReason('rollback', resumed('backup', ['install', 'upgrade']))).toMatch(/the upgrade is over/)
  })

  it('says where what is left out passed', () => {
    expect(resumeSkipReason('upgrade', resumed('backup', ['install', 'upgrade']))).toBe(
      'passed in run R, from which this one continues',
    )
    expect(resumeSkipReason('functional', resumed('backup', ['install', 'upgrade']))).toBeNull()
    expect(resumeSkipReason('upgrade', null)).toBeNull()
  })
})

it('two releases differ in the parts that do', () => {
  const a = { 'service app': '1', 'service db': '2', environment: '3' }
  expect(digestDifference(a, a)).toEqual([])
  expect(digestDifference(a, { 'service app': '1', environment: '4', 'config nginx': '5' })).toEqual([
    'config nginx',
    'environment',
    'service db',
  ])
})
