import { describe, expect, it } from 'vitest'
import { type Cause, cause } from '../../src/verdict/causes.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { contradiction, missingEvidence } from '../../src/verdict/required-evidence.ts'
import { blockedOutcome, type OutcomeFacts, type TierFacts, tierOutcome } from '../../src/verdict/tier-outcome.ts'
import { TIER_IDS, type TierId } from '../../src/verdict/tiers.ts'
import { HEAD, HEADER, PASSING } from './passing-stream.ts'

const RUN: OutcomeFacts = { header: HEADER, complete: true, interrupted: null, touched: true }
const STAMP = { seq: 1, at: '2026-11-23T19:12:54.000Z' }

function facts(tier: TierId, more: Partial<TierFacts> = {}): TierFacts {
  const [started, ended] = [STAMP.at, STAMP.at]
  return {
    tier,
    started,
    ended,
    checks: [check('pass', undefined, tier)],
    evidence: PASSING[tier],
    tests: [],
    leaks: [],
    secretLeaks: [],
    ...more,
  }
}

function check(outcome: 'pass' | 'fail' | 'unverified', why?: Cause, tier: TierId = 'install', name = 'it works') {
  return { ...STAMP, type: 'check', tier, name, outcome, ...(why ? { cause: why } : {}) } as const
}

function row(status: 'passed' | 'failed' | 'skipped', title = 'can write', error?: string) {
  return { title, file: 'tests/custom/a.spec.ts', status, durationMs: 1, ...(error === undefined ? {} : { error }) }
}

/** "unverified deadline ci: message": what became of a tier. */
function said(given: TierFacts, run: Partial<OutcomeFacts> = {}): string {
  const outcome = tierOutcome(given, { ...RUN, ...run })
  if (!outcome) return 'left to what blocks it'
  const { status, skipKind, cause: why, reason } = outcome
  expect(why?.message ?? reason).toBe(reason)
  return `${[status, skipKind, why?.code, why?.blame].filter(Boolean).join(' ')}: ${reason}`
}

describe('a tier that passes says what was seen', () => {
  it.each<[TierId, Partial<TierFacts>, string]>([
    ['lint', {}, 'pass: 1 check, 1 kind of evidence'],
    ['install', { checks: [check('pass'), check('pass')] }, 'pass: 2 checks, 4 kinds of evidence'],
    ['restore', { evidence: [...PASSING.restore, ...PASSING.restore] }, 'pass: 1 check, 4 kinds of evidence'],
    ['functional', { tests: [row('passed')] }, 'pass: 1 check, 1 kind of evidence, 1 test'],
    ['functional', { tests: [row('skipped'), row('passed')] }, 'pass: 1 check, 1 kind of evidence, 2 tests'],
    ['install', { tests: [row('skipped')] }, 'pass: 1 check, 4 kinds of evidence, 1 test'],
  ])('%s with %j', (tier, more, expected) => {
    expect(said(facts(tier, more))).toBe(expected)
  })
})

describe('an upgrade that starts from a canonical', () => {
  const base = { version: '1.0.0+0.36.9', commit: 'd'.repeat(40), source: 'canonical' } as const
  const run = { header: { ...HEADER, base } }
  const volume = { volume: 'data', files: 3, bytes: 42, content: 'c'.repeat(64), started: 4 }
  const had: Extract<Evidence, { kind: 'reattached' }> = {
    kind: 'reattached',
    version: base.version,
    run: '20261123-191254-k3f9qa',
    volumes: [volume],
  }
  const ended = (piece?: Evidence) =>
    said(facts('upgrade', { evidence: [...PASSING.upgrade, ...(piece ? [piece] : [])] }), run)

  it('passes with evidence that the base had its data', () => expect(ended(had)).toMatch(/^pass: /))

  it('cannot pass without, with a damaged one, or with that of another version', () => {
    const cannot = 'unverified evidence-missing ci: upgrade cannot pass: '
    expect(ended()).toBe(`${cannot}nothing says that the base had the data of its canonical`)
    expect(ended({ ...had, volumes: [{ ...volume, content: 'short' }] })).toMatch(
      `${cannot}evidence of kind reattached is not whole: volumes.0.content`,
    )
    expect(ended({ ...had, version: '2.0.0+1' })).toBe(`${cannot}the base had the data of 2.0.0+1, not of 1.0.0+0.36.9`)
  })

  it('of another base asks for none', () => {
    const tag = { header: { ...HEADER, base: { ...base, source: 'tag' as const } } }
    expect(said(facts('upgrade'), tag)).toMatch(/^pass: /)
    expect(said(facts('upgrade'), { header: { ...HEADER, base: null } })).toMatch(/^pass: /)
  })
})

describe('an active run from another', () => {
  const run = { header: { ...HEADER, resumed: { run: 'R', after: 'backup' as const } } }
  const had: Extract<Evidence, { kind: 'resumed' }> = { kind: 'resumed', run: 'R', after: 'backup', volumes: [] }

  it('passes a tier only with evidence that it had the app of that one', () => {
    const cannot = 'unverified evidence-missing ci: backup cannot pass: '
    expect(said(facts('backup'), { ...run, resumed: had })).toMatch(/^pass: /)
    expect(said(facts('backup'), run)).toBe(`${cannot}nothing says that the app of run R was put in place`)
    expect(said(facts('backup'), { ...run, resumed: { ...had, run: '' } })).toContain(
      'evidence of kind resumed is not whole',
    )
    expect(said(facts('backup'), { ...run, resumed: { ...had, after: 'install' } })).toBe(
      `${cannot}the app was that of run R after install, not of run R after backup`,
    )
  })

  it('asks none of a tier that reads files', () => expect(said(facts('lint'), run)).toMatch(/^pass: /))
})

describe('a fault of the recipe', () => {
  const broken = cause('crash-loop', 'app ended 3 times', { lines: ['exit 3'] })

  it('is told as the check told it, before a failed test', () => {
    expect(tierOutcome(facts('install', { checks: [check('fail', broken)], tests: [row('failed')] }), RUN)).toEqual({
      status: 'fail',
      reason: 'app ended 3 times',
      cause: broken,
    })
  })

  it('is not what a check could not look at, whoever is to blame', () => {
    expect(said(facts('install', { checks: [check('unverified', broken)] }))).toBe(
      'unverified crash-loop recipe: app ended 3 times',
    )
  })

  it('in a test is named with its file and the first lines of what the assertion said', () => {
    const error = ['Error: expected 1', '', '   ', ...Array.from({ length: 20 }, (_, line) => `at ${line}`)].join('\n')
    const tests = [row('passed'), row('failed', 'can read', error), row('failed', 'can log in')]
    const outcome = tierOutcome(facts('functional', { tests }), RUN)
    expect(outcome).toMatchObject({
      status: 'fail',
      cause: { code: 'test-failed', blame: 'recipe', message: '2 of 3 tests of functional failed' },
    })
    expect(outcome?.cause?.lines).toEqual([
      'tests/custom/a.spec.ts › can read',
      ...['Error: expected 1', 'at 0', 'at 1', 'at 2', '…', 'at 19'],
      '1 more: "can log in"',
    ])
  })

  it('a failed test tells how busy the machine was: its time limits count for that too', () => {
    const machine = {
      load: [37.2, 36, 28.4],
      processors: 2,
      memoryBytes: { available: 2 ** 33, total: 2 ** 34 },
      diskFreeBytes: 2 ** 30,
    }
    const late = { ...row('failed', 'can write', 'Test timeout of 60000ms exceeded.'), machine }
    expect(tierOutcome(facts('functional', { tests: [late] }), RUN)?.cause?.lines).toEqual([
      'tests/custom/a.spec.ts › can write',
      'Test timeout of 60000ms exceeded.',
      'machine: load 37.2 36.0 28.4 on 2 processors, 8.0 of 16.0 GiB memory available, 1.0 GiB disk free',
    ])
  })

  it('in a test after a restore names the databases that no backup holds and that lost rows', () => {
    const watched = (subject: string, rowsLost: number) => {
      const counts = { tables: 2, rows: 6, rowsLost, tablesLost: 0, rowsTidied: 0 }
      const same = { newTables: 0, formerTables: 0, newColumns: 0, formerColumns: 0, newRows: 0 }
      const summary = `the labels cover only git; now: ${rowsLost} rows lost`
      return {
        ...{ subject, kind: 'sqlite', result: 'excluded', before: 'a', after: 'b' },
        summary,
        ...{ counts: { ...counts, ...same } },
      }
    }
    const witnesses = [watched('volume:data/app.db', 20), watched('volume:data/cache.db', 0)]
    const evidence = [
      ...PASSING.restore.filter(({ kind }) => kind !== 'witness'),
      { kind: 'witness', witnesses } as Evidence,
    ]
    const outcome = tierOutcome(facts('restore', { evidence, tests: [row('failed')] }), RUN)
    expect(outcome?.cause?.lines.slice(1)).toEqual([
      'volume:data/app.db is in no backup: the labels cover only git; now: 20 rows lost',
    ])
  })

  it('in a test shows the message without the code around it, whole where it is short', () => {
    const error = [
      'Error: expect(received).toBe(expected)',
      '',
      'Expected: 201',
      'Received: 409',
      'status of the second order',
      'at cc-ci/tests/custom/a.spec.ts:4:10',
      '  3 | test(x)',
      '> 4 |   expect(status).toBe(201)',
      '    |                  ^',
      '  5 | })',
    ].join('\n')
    const lines = (tests: readonly ReturnType<typeof row>[]) =>
      tierOutcome(facts('functional', { tests }), RUN)?.cause?.lines
    expect(lines([row('failed', 'orders', error)])).toEqual([
      'tests/custom/a.spec.ts › orders',
      ...error.split('\n').slice(0, 6).filter(Boolean),
    ])
    expect(lines(['a', 'b', 'c', 'd'].map((title) => row('failed', title)))).toEqual([
      'tests/custom/a.spec.ts › a',
      '3 more: "b", "c", "d"',
    ])
    expect(lines(['a', 'b', 'c', 'd', 'e'].map((title) => row('failed', title)))?.at(-1)).toBe(
      '4 more: "b", "c", "d" and more',
    )
  })

  it('that is doubted keeps its lines below what is doubted', () => {
    const doubt = cause('code-refused', 'the hook was refused', { lines: ['install-steps.sh'] })
    const outcome = tierOutcome(facts('install', { checks: [check('fail', broken)], doubt }), RUN)
    expect(outcome).toEqual({
      status: 'unverified',
      reason: 'the hook was refused',
      cause: { ...doubt, lines: ['crash-loop: app ended 3 times', 'exit 3'] },
    })
  })
})

describe('what could not be judged', () => {
  it.each(['fail', 'unverified'] as const)('a check that is %s and gives no cause is our fault', (outcome) => {
    expect(said(facts('install', { checks: [check('pass'), check(outcome)] }))).toBe(
      `unverified harness-error ci: the check "it works" is ${outcome} and gives no cause`,
    )
  })

  it('what was left behind, each by name', () => {
    const leaks = ['volume s_data', 'network s_default']
    const outcome = tierOutcome(facts('teardown', { leaks }), RUN)
    expect(outcome).toMatchObject({
      status: 'unverified',
      cause: { code: 'teardown-leak', message: 'left behind: volume s_data, network s_default', lines: leaks },
    })
  })

  it('what the tier said before it was blocked counts, and a block before a skip or a missing start', () => {
    const lost = cause('engine-lost', 'gone')
    const open = { started: undefined, ended: undefined, blockedBy: 'install' } as const
    expect(said(facts('backup', { ...open, checks: [check('unverified', lost)] }))).toMatch(/^unverified engine-lost/)
    const skipped = { ...STAMP, type: 'tier.skipped', tier: 'backup', kind: 'declared', reason: 'x' } as const
    expect(said(facts('backup', { ...open, checks: [], skipped }))).toBe('left to what blocks it')
  })

  const begun = facts('backup', { ended: undefined })
  const never = facts('backup', { started: undefined, ended: undefined, checks: [] })
  it.each<[string, TierFacts, Partial<OutcomeFacts>]>([
    ['unverified harness-error ci: backup was begun and never ended, though the run came to its end', begun, {}],
    [
      'unverified harness-error ci: backup was begun and never ended: the record of the run stops before',
      begun,
      { complete: false },
    ],
    [
      'unverified deadline infra: backup was begun and never ended: the run reached its deadline',
      begun,
      { interrupted: 'deadline' },
    ],
    [
      'unverified interrupted infra: backup was never begun: the run was stopped by SIGINT',
      never,
      { interrupted: 'SIGINT' },
    ],
    ['unverified harness-error ci: backup was never begun, though the run came to its end', never, {}],
  ])('%s', (expected, given, run) => {
    expect(said(given, run)).toBe(expected)
  })
})

describe('a tier that was not begun', () => {
  const never = (tier: TierId) => facts(tier, { started: undefined, ended: undefined, checks: [] })
  const only = (...selected: TierId[]): OutcomeFacts['header'] => ({ ...HEADER, selected })

  it('and not selected is a skip, but for the teardown of what was put on the engine', () => {
    expect(said(never('backup'), { header: only('lint') })).toBe('skip not-selected: not selected for this run')
    expect(said(never('teardown'), { header: only('lint'), touched: false })).toMatch(/^skip not-selected/)
    expect(said(never('teardown'), { header: only('lint') })).toMatch(/^unverified harness-error ci: teardown/)
    expect(said(never('backup'), { header: only('backup'), touched: false })).toMatch(/^unverified/)
  })

  it('and skipped is what its reason says; a blank reason is none', () => {
    const skipped = { ...STAMP, type: 'tier.skipped', tier: 'backup', kind: 'declared' } as const
    expect(said(facts('backup', { skipped: { ...skipped, reason: 'no data' } }))).toBe('skip declared: no data')
    expect(said(facts('backup', { skipped: { ...skipped, reason: ' \t' } }))).toBe(
      'unverified evidence-missing ci: skipped without a reason',
    )
  })
})

describe('a tier that ended without proof', () => {
  it.each<[string, TierFacts]>([
    ['install ended without a single check', facts('install', { checks: [] })],
    ['backup cannot pass: no evidence of kind snapshot', facts('backup', { evidence: PASSING.backup.slice(1) })],
    [
      'the evidence of upgrade contradicts its checks: volume:data is lost',
      facts('upgrade', {
        evidence: PASSING.upgrade.map((piece) =>
          piece.kind === 'witness' && 'witnesses' in piece
            ? { ...piece, witnesses: piece.witnesses.map((one) => ({ ...one, result: 'lost' as const })) }
            : piece,
        ),
      }),
    ],
  ])('%s', (message, given) => {
    expect(said(given)).toBe(`unverified evidence-missing ci: ${message}`)
  })

  it('names each missing kind in a line of its own', () => {
    expect(tierOutcome(facts('backup', { evidence: [] }), RUN)?.cause?.lines).toEqual([
      'no evidence of kind snapshot',
      'no evidence of kind hooks',
      'no evidence of kind coverage',
    ])
  })

  it('of its tests says whether there were any', () => {
    const none = tierOutcome(facts('functional'), RUN)
    expect(none?.cause).toMatchObject({ code: 'no-tests-ran', message: 'not one test was executed' })
    const skipped = tierOutcome(facts('functional', { tests: [row('skipped'), row('skipped')] }), RUN)
    expect(skipped?.cause).toMatchObject({ code: 'no-tests-ran', message: 'all 2 tests were skipped' })
  })

  it('of the snapshot that it restored does not pass', () => {
    const { snapshot } = PASSING.restore.find(({ kind }) => kind === 'restored') as Extract<
      Evidence,
      { kind: 'restored' }
    >
    expect(said(facts('restore'), { snapshot })).toMatch(/^pass/)
    expect(said(facts('restore'))).toMatch(/^pass/)
    expect(said(facts('restore'), { snapshot: 'another1' })).toContain(
      `snapshot ${snapshot} was restored, not another1`,
    )
  })
})

describe('a blocked tier', () => {
  it.each([
    [cause('disk-full', 'no space'), 'unverified blocked infra: needs install, which ended with disk-full'],
    [
      cause('blocked', 'needs lint, which ended with compose-invalid', { blame: 'recipe' }),
      'unverified blocked recipe: needs install: needs lint, which ended with compose-invalid',
    ],
    [undefined, 'unverified blocked ci: install did not let it begin, but has no cause itself'],
  ])('by %j is %s', (why, expected) => {
    const {
      status,
      cause: found,
      reason,
    } = blockedOutcome('install', why && { status: 'fail', reason: 'x', cause: why })
    expect(`${status} ${found?.code} ${found?.blame}: ${reason}`).toBe(expected)
  })
})

describe('missingEvidence', () => {
  it.each(TIER_IDS)('has nothing to say of a whole %s', (tier) => {
    expect(missingEvidence(tier, PASSING[tier])).toBeNull()
  })

  it('names each requirement that is not met, with all kinds that would do', () => {
    expect(missingEvidence('upgrade', PASSING.upgrade.slice(0, 2))).toBe(
      'no evidence of kind update-status; no evidence of kind http or no-http; no evidence of kind witness',
    )
  })

  it('names the piece that is not whole, wherever it stands', () => {
    const hollow = { kind: 'tasks', tasks: [] } as Evidence
    for (const evidence of [
      [hollow, ...PASSING.install],
      [...PASSING.install, hollow],
    ]) {
      expect(missingEvidence('install', evidence)).toMatch(/^evidence of kind tasks is not whole: tasks: /)
    }
  })
})

describe('contradiction', () => {
  const hook = { service: 'db', phase: 'backup.pre-hook', exitCode: 0, ms: 5 }
  const other = 'f'.repeat(40)
  it.each<[string | null, Evidence]>([
    [null, { kind: 'head-deployed', label: HEAD.slice(0, 8), commit: HEAD }],
    [`${other} was deployed, not ${HEAD}`, { kind: 'head-deployed', label: other.slice(0, 8), commit: other }],
    [null, { kind: 'restored', snapshot: 'snapshot1', files: 1 }],
    [
      'snapshot snapshot2 was restored, not snapshot1 of this run',
      { kind: 'restored', snapshot: 'snapshot2', files: 1 },
    ],
    // What else has a snapshot or a commit is no claim.
    [null, { kind: 'snapshot', id: 'snapshot2', volumes: [{ volume: 'data', files: 1, bytes: 1 }] }],
    [null, { kind: 'witness', none: 'no data' }],
    [null, { kind: 'hooks', none: 'no hooks' }],
    [null, { kind: 'hooks', hooks: [hook] }],
    ['backup.pre-hook of db ended with 2', { kind: 'hooks', hooks: [hook, { ...hook, exitCode: 2 }] }],
  ])('%s: %j', (found, piece) => {
    const expected = found === null ? null : `the evidence of restore contradicts its checks: ${found}`
    const known = { commit: HEAD, snapshot: 'snapshot1' }
    expect(contradiction('restore', [...PASSING.lint, piece], known)).toBe(expected)
  })
})
