import { describe, expect, it } from 'vitest'
import type { CcCiError } from '../../src/lib/errors.ts'
import { CAUSES, cause } from '../../src/verdict/causes.ts'
import { eventProblem } from '../../src/verdict/event-shape.ts'
import type { EventDraft, RunEvent } from '../../src/verdict/events.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { exitCodeOf } from '../../src/verdict/exit-code.ts'
import { fold } from '../../src/verdict/fold.ts'
import { POLICY_CODES } from '../../src/verdict/policy-codes.ts'
import { isTierId, RUNGS, TIER_IDS, TIERS, type TierId } from '../../src/verdict/tiers.ts'
import { HEADER, PASSING, passingDrafts, passingStream, passingTier, stamped } from './passing-stream.ts'

const tierOf = (drafts: readonly EventDraft[], id: TierId) => fold(stamped(drafts)).tiers.find((tier) => tier.id === id)
const nothing = Object.fromEntries(TIER_IDS.map((id) => [id, []]))

describe('what a run was', () => {
  it('is what its stream said at the start, and when it began and ended', () => {
    const { selected: _selected, stack, domain, run, ...header } = HEADER
    const events = passingStream()
    const results = fold(events)
    expect(results).toMatchObject({ schema: 1, ...header })
    expect(results.run).toEqual({
      ...run,
      stack,
      domain,
      startedAt: events[0]?.at,
      finishedAt: events.at(-1)?.at,
      complete: true,
      interrupted: null,
    })
    expect(results.environment).toEqual({
      engine: '20.10.24',
      api: '1.41',
      cpus: 2,
      memoryBytes: 4_000_000_000,
      load: [0.5, 0.4, 0.3],
    })
  })

  it('without an end was last heard of with its last event, and has no environment before it is known', () => {
    const events = passingStream()
    expect(fold(events.slice(0, 9)).run).toMatchObject({ finishedAt: events[8]?.at, complete: false })
    expect(fold(events.slice(0, 1)).environment).toBeNull()
  })

  it('is interrupted by the first signal', () => {
    const signals: EventDraft[] = [
      { type: 'run.interrupted', signal: 'cancel' },
      { type: 'run.interrupted', signal: 'SIGTERM' },
    ]
    expect(fold(stamped([...passingDrafts(), ...signals])).run.interrupted).toBe('cancel')
  })

  it('is unknown without a start', () => {
    try {
      fold([])
    } catch (error) {
      expect((error as CcCiError).code).toBe('stream-without-start')
    }
    expect.assertions(1)
  })
})

describe('what is said twice is told once', () => {
  const finding: EventDraft = { type: 'finding', code: 'R001', severity: 'warning', message: 'x' }
  const shot: EventDraft = { type: 'artifact', kind: 'screenshot', path: 'a.png', sha256: '1' }

  it.each<[string, readonly EventDraft[], object]>([
    ['findings', [finding, finding, { ...finding, where: 'compose.yml:1:1' }], { findings: { length: 3 } }],
    ['artifacts', [shot, shot, { ...shot, sha256: '2' }], { artifacts: { length: 3 } }],
    [
      'accommodations',
      [
        { type: 'accommodation', text: 'no IPVS: endpoint_mode dnsrr' },
        { type: 'accommodation', text: 'local image' },
      ],
      { accommodations: ['no IPVS: endpoint_mode dnsrr', 'local image'] },
    ],
    [
      'images, the last one of a service',
      [
        { type: 'image', service: 'app', ref: 'a:3', id: 'sha256:3' },
        { type: 'image', service: 'db', ref: 'b', id: 'sha256:4' },
      ],
      {
        images: [
          { service: 'app', ref: 'a:3', id: 'sha256:3' },
          { service: 'db', ref: 'b', id: 'sha256:4' },
        ],
      },
    ],
    [
      'leaked secrets, of all scans',
      [
        { type: 'secrets.scanned', files: 1, leaks: ['a.log', 'b.log'] },
        { type: 'secrets.scanned', files: 1, leaks: ['b.log'] },
      ],
      { secretLeaks: ['a.log', 'b.log'], flags: { noSecretLeak: false } },
    ],
    [
      'what was not looked into, once, and it is no leak',
      [
        { type: 'secrets.scanned', files: 1, leaks: [], notLooked: [{ file: 'a.png', why: 'picture' }] },
        { type: 'secrets.scanned', files: 1, leaks: [], notLooked: [{ file: 'a.png', why: 'picture' }] },
      ],
      { notLooked: [{ file: 'a.png', why: 'picture' }], secretLeaks: [], flags: { noSecretLeak: true } },
    ],
  ])('%s', (_, more, expected) => {
    expect(fold(stamped([...passingDrafts(), ...more]))).toMatchObject(expected)
  })

  it('as it was said, without its stamp', () => {
    const results = fold(stamped([...passingDrafts(), finding, shot]))
    expect(results.findings.at(-1)).toEqual({ code: 'R001', severity: 'warning', message: 'x' })
    expect(results.artifacts.at(-1)).toEqual({ kind: 'screenshot', path: 'a.png', sha256: '1' })
  })
})

describe('the row of a tier', () => {
  it('has its own operations, checks and tests and nobody else’s', () => {
    expect(tierOf(passingDrafts(), 'functional')).toMatchObject({
      operations: [{ kind: 'function', subject: 'functional', operation: 'do functional', ms: 900 }],
      checks: [{ id: 'tier-ran', subject: 'functional', name: 'functional is right', outcome: 'pass' }],
      tests: [{ title: 'can log in' }, { title: 'can write' }],
    })
    expect(tierOf(passingDrafts(), 'lint')?.checks).toEqual([
      { id: 'tier-ran', subject: 'lint', name: 'lint is right', outcome: 'pass' },
    ])
  })

  it('of a stream of an earlier version has names alone, and ends the same', () => {
    const reported = ['check', 'operation.started', 'operation.ended', 'wait.progress']
    const earlier = passingDrafts().map((draft): EventDraft => {
      if (!reported.includes(draft.type)) return draft
      const { id: _id, kind: _kind, subject: _subject, ...rest } = draft as EventDraft & Record<string, unknown>
      return rest as EventDraft
    })
    const row = tierOf(earlier, 'functional')
    expect(row?.checks).toEqual([{ name: 'functional is right', outcome: 'pass' }])
    expect(row?.operations).toEqual([{ operation: 'do functional', ms: 900 }])
    expect(fold(stamped(earlier)).verdict).toBe(fold(stamped(passingDrafts())).verdict)
    expect(stamped(earlier).map(eventProblem)).toEqual(earlier.map(() => null))
  })

  it('says of a check after which act it looked, and what the machine had left', () => {
    const machine = { load: [1, 2, 3], processors: 2, memoryBytes: { available: 1, total: 2 }, diskFreeBytes: null }
    const facts = {
      id: 'converged',
      after: { kind: 'kill', service: 'db' },
      name: 'up again',
      outcome: 'pass',
      machine,
    } as const
    const drafts = [...passingDrafts(), { type: 'check', tier: 'resilience', ...facts } as const]
    expect(tierOf(drafts, 'resilience')?.checks.at(-1)).toEqual(facts)
    expect(stamped(drafts).map(eventProblem)).toEqual(drafts.map(() => null))
  })

  it('keeps the cause of a check', () => {
    const why = cause('engine-lost', 'gone')
    const check: EventDraft = { type: 'check', tier: 'lint', name: 'x', outcome: 'unverified', cause: why }
    expect(tierOf(passingDrafts({ lint: [check] }), 'lint')?.checks).toEqual([
      { name: 'x', outcome: 'unverified', cause: why },
    ])
  })

  it('lasts until now where it has not ended, never below zero, and not at all where it has not begun', () => {
    const open = fold(passingStream().slice(0, 12)).tiers[0]
    expect(open).toMatchObject({ id: 'lint', startedAt: '2026-11-23T19:12:59.000Z', durationMs: 6000 })
    expect(fold(passingStream().slice(0, 8)).tiers[0]).toMatchObject({ id: 'lint', durationMs: 2000 })
    const [start, end] = stamped(
      passingTier('lint').filter(({ type }) => type === 'tier.started' || type === 'tier.ended'),
    )
    const clockSetBack = [
      { ...start, at: end?.at },
      { ...end, at: start?.at },
    ] as RunEvent[]
    expect(fold([...passingStream(nothing), ...clockSetBack]).tiers[0]?.durationMs).toBe(0)
    expect(fold(passingStream().slice(0, 5)).tiers[0]).toMatchObject({ id: 'lint', durationMs: 0, startedAt: null })
  })

  it('knows only the snapshot of the backup tier', () => {
    const evidence: Evidence = { kind: 'snapshot', id: 'of-before', volumes: [] }
    const before: EventDraft = { type: 'evidence', tier: 'upgrade', evidence }
    const upgrade = [...passingTier('upgrade').slice(0, -1), before, { type: 'tier.ended', tier: 'upgrade' } as const]
    expect(tierOf(passingDrafts({ upgrade }), 'restore')?.status).toBe('pass')
  })

  it('knows that snapshot wherever it stands among what the backup found', () => {
    const evidence = PASSING.backup
      .toReversed()
      .map((piece): EventDraft => ({ type: 'evidence', tier: 'backup', evidence: piece }))
    const backup = [
      ...passingTier('backup')
        .filter(({ type }) => type !== 'evidence')
        .slice(0, -1),
      ...evidence,
      { type: 'tier.ended', tier: 'backup' } as const,
    ]
    expect(tierOf(passingDrafts({ backup }), 'restore')?.status).toBe('pass')
    const restore = passingTier('restore').map((draft) =>
      draft.type === 'evidence' && draft.evidence.kind === 'restored'
        ? { ...draft, evidence: { ...draft.evidence, snapshot: 'of-another-run' } }
        : draft,
    )
    expect(tierOf(passingDrafts({ backup, restore }), 'restore')?.status).toBe('unverified')
  })

  it('keeps its own result though something blocked it', () => {
    const found = cause('data-lost', 'gone')
    const upgrade: EventDraft[] = [
      { type: 'tier.blocked', tier: 'upgrade', by: 'install' },
      { type: 'check', tier: 'upgrade', name: 'x', outcome: 'fail', cause: found },
    ]
    expect(tierOf(passingDrafts({ upgrade }), 'upgrade')).toMatchObject({ status: 'fail', cause: found })
  })

  it('of the teardown names what was left behind, and no other row does', () => {
    const { tiers } = fold(stamped([...passingDrafts(), { type: 'leak', kind: 'volume', name: 's_data' }]))
    expect(tiers.filter(({ status }) => status !== 'pass').map(({ id, reason }) => [id, reason])).toEqual([
      ['teardown', 'left behind: volume s_data'],
    ])
  })

  it.each(TIER_IDS.filter((id) => PASSING[id].some(({ kind }) => kind === 'http')))(
    'of the tier %s passes without an answer where the app has no HTTP',
    (tier) => {
      const drafts = passingTier(tier).flatMap((draft): EventDraft[] => {
        if (draft.type !== 'evidence' || !['http', 'page'].includes(draft.evidence.kind)) return [draft]
        return draft.evidence.kind === 'page'
          ? []
          : [{ ...draft, evidence: { kind: 'no-http', reason: 'no router label' } }]
      })
      expect(tierOf(passingDrafts({ [tier]: drafts }), tier)?.status).toBe('pass')
    },
  )

  it('names what blocked it, also where that comes later in the order', () => {
    const lint: EventDraft[] = [{ type: 'tier.blocked', tier: 'lint', by: 'restore' }]
    const restore: EventDraft[] = [
      { type: 'check', tier: 'restore', name: 'x', outcome: 'unverified', cause: cause('disk-full', 'full') },
    ]
    expect(tierOf(passingDrafts({ lint, restore }), 'lint')?.reason).toBe('needs restore, which ended with disk-full')
  })
})

describe('the verdict of a run', () => {
  const teardown = passingTier('teardown')

  it('of lint alone is what lint says, with or without a teardown', () => {
    const lint = passingTier('lint')
    for (const tiers of [{ lint }, { lint, teardown }]) {
      expect(fold(passingStream({ ...nothing, ...tiers }, { selected: ['lint'] })).verdict).toBe('pass')
    }
  })

  it('needs no teardown where nothing was put on the engine, and one where something was', () => {
    const selected: TierId[] = ['lint', 'install']
    const install = passingTier('install')
    const both = { ...nothing, lint: passingTier('lint'), install }
    expect(fold(passingStream(both, { selected })).verdict).toBe('unverified')
    expect(fold(passingStream({ ...both, teardown }, { selected })).verdict).toBe('pass')
    expect(fold(passingStream({ ...both, install: [] }, { selected: ['lint'] })).verdict).toBe('pass')
  })

  it('is unverified where lint could not be judged', () => {
    const lint: EventDraft[] = [
      { type: 'check', tier: 'lint', name: 'x', outcome: 'unverified', cause: cause('engine-lost', 'x') },
    ]
    expect(fold(passingStream({ lint })).verdict).toBe('unverified')
  })

  it('is not decided by lint where a tier passed and the operator does not enforce it', () => {
    const lint: EventDraft[] = [
      { type: 'check', tier: 'lint', name: 'x', outcome: 'fail', cause: cause('compose-invalid', 'x') },
    ]
    expect(fold(passingStream({ lint }, { lintEnforced: false })).verdict).toBe('pass')
    expect(fold(passingStream({ lint, install: [] }, {})).verdict).toBe('unverified')
  })

  it('is no pass where everything was skipped, though the run came to its end', () => {
    const skipped = Object.fromEntries(
      TIER_IDS.map((tier) => [tier, [{ type: 'tier.skipped', tier, kind: 'declared', reason: 'x' } as const]]),
    )
    expect(fold(passingStream(skipped))).toMatchObject({ verdict: 'unverified', flags: { cleanTeardown: false } })
  })
})

it.each([
  ['pass', null, 0],
  ['fail', null, 1],
  ['unverified', null, 3],
  ['pass', 'SIGINT', 130],
  ['fail', 'cancel', 130],
  ['pass', 'SIGTERM', 143],
  ['fail', 'deadline', 1],
] as const)('a run that is %s and interrupted by %s ends with %i', (verdict, interrupted, code) => {
  const { run } = fold(passingStream())
  expect(exitCodeOf({ verdict, run: { ...run, interrupted } })).toBe(code)
  expect(exitCodeOf({ verdict, run }, interrupted)).toBe(code)
})

describe('the tables', () => {
  it('blame somebody for every cause, say something, and tell what to do', () => {
    for (const [code, entry] of Object.entries(CAUSES)) {
      expect(['recipe', 'upstream', 'infra', 'ci'], code).toContain(entry.blame)
      for (const text of [entry.what, entry.why, entry.todo]) expect(text, code).toMatch(/^\S.+[.?]$/)
    }
  })

  it('a cause has the blame and the advice of its table unless better is known', () => {
    expect(cause('engine-lost', 'gone')).toEqual({
      code: 'engine-lost',
      blame: 'infra',
      message: 'gone',
      hint: CAUSES['engine-lost'].todo,
      lines: [],
    })
    const better = { blame: 'ci', hint: 'try again', service: 'app', lines: ['x'] } as const
    expect(cause('engine-lost', 'gone', better)).toEqual({ code: 'engine-lost', message: 'gone', ...better })
    expect(cause('engine-lost', 'gone', { service: '' })).not.toHaveProperty('service')
  })

  it('every rung has a tier, and every tier needs only tiers that run before it', () => {
    for (const rung of Object.keys(RUNGS)) expect(TIER_IDS.some((id) => TIERS[id].rung === Number(rung))).toBe(true)
    for (const [index, id] of TIER_IDS.entries())
      for (const needed of TIERS[id].needs) expect(TIER_IDS.slice(0, index)).toContain(needed)
  })

  it('what needs a running app needs the install, and a restore its backup', () => {
    const needsOf = (id: TierId): readonly string[] => TIERS[id].needs
    expect(needsOf('restore')).toContain('backup')
    const alone: TierId[] = ['lint', 'install', 'teardown']
    for (const id of TIER_IDS) {
      const all = new Set(needsOf(id))
      for (const needed of all) for (const further of needsOf(needed as TierId)) all.add(further)
      expect(all.has('install'), id).toBe(!alone.includes(id))
    }
  })

  it('the powers that a policy refuses have names of their own', () => {
    expect(POLICY_CODES).not.toEqual([])
    expect(new Set(POLICY_CODES).size).toBe(POLICY_CODES.length)
    for (const code of POLICY_CODES) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  it('a tier is known by its own name only', () => {
    expect(TIER_IDS.every(isTierId)).toBe(true)
    for (const text of ['', 'Install', 'toString']) expect(isTierId(text)).toBe(false)
  })
})
