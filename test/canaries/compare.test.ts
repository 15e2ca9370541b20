import { describe, expect, it } from 'vitest'
import { type ActualResult, actualRefusal, actualResult } from '../../src/canaries/actual-result.ts'
import type { ExpectedResult } from '../../src/canaries/canary.ts'
import { isAsExpected, resultDifferences } from '../../src/canaries/compare.ts'
import { ends, passes, refused, stops, WHOLE_LIFE } from '../../src/canaries/expect.ts'
import { cause } from '../../src/verdict/causes.ts'
import { type CheckRef, checkTitle } from '../../src/verdict/checks.ts'
import type { EventDraft, MachineState } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { PASSING, passingDrafts, stamped } from '../verdict/passing-stream.ts'

const MACHINE: MachineState = {
  load: [0.1, 0.2, 0.3],
  processors: 2,
  memoryBytes: { available: 1, total: 2 },
  diskFreeBytes: null,
}

/** What a run that is exactly as expected would be found to be. */
function asExpected(expected: ExpectedResult, over: Partial<ActualResult> = {}): ActualResult {
  const { tier, cause: code, verdict, blame, exitCode, decidedBy = null, checks, also = {}, findings = [] } = expected
  return {
    ...{ tier, cause: code, verdict, blame, exitCode, decidedBy, checks, findings, leaks: [] },
    causes: also,
    flags: expected.flags ?? { cleanTeardown: true, noSecretLeak: true },
    words: tier ? 'it is broken' : '',
    machineTold: tier !== null,
    attempts: 1,
    ...over,
  }
}

const HEALTHY = passes()
const CRASHED = stops('upgrade', 'rolled-back', 'converged', { also: { backup: 'blocked' } })

describe('what differs', () => {
  it.each<[string, ExpectedResult]>([
    ['healthy', HEALTHY],
    ['a fault', CRASHED],
    ['refused', refused('config-invalid')],
    ['told', passes({ findings: ['orphan-service'] })],
  ])('nothing, when all is as expected: %s', (_, expected) => {
    expect(resultDifferences(expected, asExpected(expected))).toEqual([])
  })

  it.each<[string, ExpectedResult, Partial<ActualResult>, RegExp]>([
    ['the verdict', HEALTHY, { verdict: 'fail' }, /^verdict: expected pass, found fail$/],
    ['the tier', CRASHED, { tier: 'install' }, /^tier: expected upgrade, found install$/],
    ['the cause', CRASHED, { cause: 'crash-loop' }, /^cause: expected rolled-back, found crash-loop$/],
    ['the blame', CRASHED, { blame: 'infra' }, /^blame: expected recipe, found infra$/],
    ['the exit code', HEALTHY, { exitCode: 4 }, /^exit code: expected 0, found 4$/],
    [
      'the deciding check',
      CRASHED,
      { decidedBy: null },
      /^deciding check: expected every service converged, found none$/,
    ],
    ['the cause of another tier', CRASHED, { causes: {} }, /^backup: expected blocked, found no cause$/],
    [
      'a finding',
      passes({ findings: ['orphan-service'] }),
      { findings: ['CC02'] },
      /^finding orphan-service is missing$/,
    ],
    ['a leak', HEALTHY, { leaks: ['volume x'] }, /^left behind: volume x$/],
    [
      'a flag',
      HEALTHY,
      { flags: { cleanTeardown: true, noSecretLeak: false } },
      /^flag noSecretLeak: expected true, found false$/,
    ],
    ['what the machine had left', CRASHED, { machineTold: false }, /what the machine had left/],
    [
      'a word of the cause',
      stops('upgrade', 'rolled-back', 'converged', { says: /no such table/ }),
      {},
      /does not say \/no such table\//,
    ],
  ])('%s', (_, expected, over, says) => {
    expect(resultDifferences(expected, asExpected(expected, over))).toEqual([expect.stringMatching(says)])
  })

  it.each(Object.entries(WHOLE_LIFE).flatMap(([tier, names]) => names.map((name) => [tier, name] as const)))(
    'a check that is deleted, although the verdict stays the same: %s: %s',
    (tier, name) => {
      const ran: readonly CheckRef[] = WHOLE_LIFE[tier as 'install']
      const checks = { ...WHOLE_LIFE, [tier]: ran.filter((one) => one !== name) }
      expect(resultDifferences(HEALTHY, asExpected(HEALTHY, { checks }))).toEqual([
        `${tier}: the check "${checkTitle(name)}" did not run or did not pass`,
      ])
    },
  )

  it.each<[string, Partial<ActualResult>, readonly string[]]>([
    ['another tier and cause that tell the truth', { tier: 'backup', cause: 'crash-loop', decidedBy: 'stayed-up' }, []],
    [
      'a tier that does not',
      { tier: 'restore', cause: 'oom-killed' },
      ['tier: expected install or backup, found restore'],
    ],
    ['no verdict', { tier: null }, ['tier: expected install or backup, found null']],
  ])('%s', (_, over, says) => {
    const expected = ends(['install', 'backup'], ['oom-killed', 'crash-loop'])
    const found = { tier: 'install', cause: 'oom-killed', ...over } as const
    expect(resultDifferences(expected, asExpected(expected, found))).toEqual(says)
    expect(isAsExpected(expected, asExpected(expected, found))).toBe(says.length === 0)
  })

  it('is a second attempt, where all is well', () => {
    expect(resultDifferences(HEALTHY, asExpected(HEALTHY, { attempts: 2 }))).toEqual(['took 2 attempts'])
    expect(resultDifferences(CRASHED, asExpected(CRASHED, { attempts: 2 }))).toEqual([])
  })

  it('is not that more was checked than expected', () => {
    const checks: ActualResult['checks'] = {
      ...HEALTHY.checks,
      functional: ['custom-tests'],
      lint: [...WHOLE_LIFE.lint, { id: 'lint-rule', subject: 'one more' }],
    }
    expect(resultDifferences(HEALTHY, asExpected(HEALTHY, { checks }))).toEqual([])
  })
})

describe('what is expected', () => {
  it('of a stop is all before it, and the removal', () => {
    expect(CRASHED.checks).toEqual({
      lint: WHOLE_LIFE.lint,
      install: WHOLE_LIFE.install,
      upgrade: [],
      teardown: WHOLE_LIFE.teardown,
    })
    expect(stops('upgrade', 'data-lost', 'data-kept').checks.upgrade).toEqual(WHOLE_LIFE.upgrade.slice(0, 6))
    expect(stops('backup', 'backup-empty', 'dumps-whole', { without: ['upgrade'] }).checks).not.toHaveProperty(
      'upgrade',
    )
  })

  it('of a blame that is not the recipe is unverified, with its exit code', () => {
    expect(stops('install', 'engine-lost', { id: 'tier-ran', subject: 'install' }, { blame: 'infra' })).toMatchObject({
      verdict: 'unverified',
      exitCode: 3,
    })
    expect(CRASHED).toMatchObject({ verdict: 'fail', exitCode: 1 })
    expect(refused('config-invalid')).toMatchObject({ verdict: 'refused', exitCode: 2 })
  })
})

describe('what is found', () => {
  it('in the results of a green run: nothing decides, and every check that passed', () => {
    const found = actualResult(fold(stamped(passingDrafts())), 0)
    expect(found).toMatchObject({ tier: null, cause: null, blame: null, verdict: 'pass', decidedBy: null, leaks: [] })
    expect(Object.keys(found.checks)).toContain('teardown')
  })

  it('is the first failing tier with its check, not the tiers that it blocks, nor lint', () => {
    const why = cause('crash-loop', 'app ended 3 times', { lines: ['exit code 3'] })
    const lint = cause('compose-invalid', 'R001')
    const drafts: EventDraft[] = [
      ...passingDrafts().filter((event) => !('tier' in event) || event.tier === 'teardown'),
      { type: 'tier.started', tier: 'lint' },
      ...PASSING.lint.map((evidence) => ({ type: 'evidence' as const, tier: 'lint' as const, evidence })),
      { type: 'check', tier: 'lint', id: 'lint-rule', subject: 'R001', name: 'R001', outcome: 'fail', cause: lint },
      { type: 'tier.ended', tier: 'lint' },
      { type: 'tier.started', tier: 'install' },
      { type: 'check', tier: 'install', id: 'images-resolved', name: 'images', outcome: 'pass' },
      { type: 'check', tier: 'install', id: 'converged', name: 'up', outcome: 'fail', cause: why, machine: MACHINE },
      { type: 'tier.ended', tier: 'install' },
      { type: 'tier.blocked', tier: 'backup', by: 'install' },
    ]
    const found = actualResult(fold(stamped(drafts)), 1)
    expect(found).toMatchObject({
      ...{ tier: 'install', cause: 'crash-loop', blame: 'recipe', decidedBy: { id: 'converged' }, machineTold: true },
      causes: { backup: 'blocked', lint: 'compose-invalid' },
      words: 'app ended 3 times\nexit code 3',
    })
    expect(found.checks.install).toEqual([{ id: 'images-resolved' }])
  })

  it('in a refusal is its code and blame', () => {
    const refusal = { code: 'config-invalid', blame: 'recipe', message: 'cc-ci/cc-ci.yml:4:1: unknown key' }
    expect(resultDifferences(refused('config-invalid'), actualRefusal(refusal, 2))).toEqual([])
    expect(resultDifferences(HEALTHY, actualRefusal(refusal, 2)).length).toBeGreaterThan(3)
  })
})
