import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cause } from '../../src/verdict/causes.ts'
import type { EventDraft, RunEvent } from '../../src/verdict/events.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { exitCodeOf } from '../../src/verdict/exit-code.ts'
import { fold } from '../../src/verdict/fold.ts'
import { parseResults, type TierResult } from '../../src/verdict/results.ts'
import { TIER_IDS, TIERS, type TierId, USUAL_TIERS } from '../../src/verdict/tiers.ts'
import { HEAD, PASSING, passingDrafts, passingStream, passingTier, stamped } from './passing-stream.ts'

const tierId = fc.constantFrom(...TIER_IDS)
/** Also what must be asked for. */
const ALL = { selected: TIER_IDS }

function tierOf(events: readonly RunEvent[], id: TierId): TierResult {
  return fold(events).tiers.find((tier) => tier.id === id) as TierResult
}

/** A tier that was begun, found `checks`, and ended. */
function tierWith(tier: TierId, checks: readonly Partial<Extract<EventDraft, { type: 'check' }>>[]): EventDraft[] {
  const found = checks.map(
    (check): EventDraft => ({ type: 'check', tier, name: 'it works', outcome: 'pass', ...check }),
  )
  return [...passingTier(tier).slice(0, -1), ...found, { type: 'tier.ended', tier }]
}

describe('a run in which everything passes', () => {
  it('passes, at the top level, with clean flags and valid results', () => {
    const results = fold(passingStream())
    expect(results.tiers.map(({ id, status }) => `${id} ${status}`)).toEqual(USUAL_TIERS.map((id) => `${id} pass`))
    expect(results).toMatchObject({
      verdict: 'pass',
      level: 6,
      flags: { cleanTeardown: true, noSecretLeak: true },
      leaks: [],
    })
    expect(results.images).toEqual([{ service: 'app', ref: 'pocketbase:0.40.6', id: 'sha256:bb22' }])
    expect(parseResults(JSON.parse(JSON.stringify(results)))).toEqual(results)
    expect(exitCodeOf(results)).toBe(0)
  })

  it('times a tier from its own events', () => {
    expect(tierOf(passingStream(), 'lint')).toMatchObject({ startedAt: '2026-11-23T19:12:59.000Z', durationMs: 6000 })
  })

  it('ends when it ended, whatever is added by its views', () => {
    const artifact: EventDraft = { type: 'artifact', kind: 'report', path: 'report.html', sha256: '0' }
    const [whole, longer] = [fold(passingStream()), fold(stamped([...passingDrafts(), artifact]))]
    expect(longer.run.finishedAt).toBe(whole.run.finishedAt)
    expect(longer.artifacts).toHaveLength(whole.artifacts.length + 1)
  })

  it('says what a stream without a start is', () => {
    expect(() => fold(passingStream().slice(1))).toThrow(/do not say which run/)
  })
})

describe('no evidence, no pass', () => {
  const needs = TIER_IDS.flatMap((tier) => TIERS[tier].requires.map((need) => [tier, [need].flat()] as const))

  it.each(needs)('%s without %s is unverified, and so is the run', (tier, kinds) => {
    const events = passingStream({}, ALL).filter((event) => !isEvidence(event, tier, kinds))
    expect(tierOf(events, tier)).toMatchObject({
      status: 'unverified',
      cause: { code: 'evidence-missing', blame: 'ci' },
    })
    expect(tierOf(events, tier).reason).toContain(kinds[0])
    expect(fold(events).verdict).toBe('unverified')
  })

  it.each(needs)('%s with a hollow %s is unverified', (tier, kinds) => {
    const events = passingStream({}, ALL).map((event) =>
      isEvidence(event, tier, kinds) ? ({ ...event, evidence: { kind: event.evidence.kind } } as RunEvent) : event,
    )
    expect(tierOf(events, tier)).toMatchObject({ status: 'unverified', cause: { code: 'evidence-missing' } })
  })

  it('counts a damaged piece beside a whole one', () => {
    const damaged = { kind: 'images', images: [] } as Evidence
    const install = passingTier('install')
    install.splice(-1, 0, { type: 'evidence', tier: 'install', evidence: damaged })
    expect(tierOf(passingStream({ install }), 'install').status).toBe('unverified')
  })

  it.each(TIER_IDS)('%s without a single check is unverified', (tier) => {
    const events = passingStream({}, ALL).filter((event) => !(event.type === 'check' && event.tier === tier))
    expect(tierOf(events, tier)).toMatchObject({ status: 'unverified', cause: { code: 'evidence-missing' } })
  })

  it('takes "no HTTP" in place of an answer and a page', () => {
    const install = [
      ...passingTier('install')
        .filter((draft) => !isEvidence(draft, 'install', ['http', 'page']))
        .slice(0, -1),
      { type: 'evidence', tier: 'install', evidence: { kind: 'no-http', reason: 'no router label' } } as const,
      { type: 'tier.ended', tier: 'install' } as const,
    ]
    expect(tierOf(passingStream({ install }), 'install').status).toBe('pass')
  })

  it('takes a page that leads elsewhere in place of one of its own, and no lack of both', () => {
    const without = passingTier('install').filter((draft) => !isEvidence(draft, 'install', ['page']))
    const [to, why] = ['https://login.example.com/', 'a login at another host']
    const way = [`302 ${to}`]
    const evidence: Evidence = { kind: 'page-elsewhere', from: 'https://app.ci.test/', to, why, way }
    const led: EventDraft = { type: 'evidence', tier: 'install', evidence }
    const elsewhere = [...without.slice(0, -1), led, ...without.slice(-1)]
    expect(tierOf(passingStream({ install: elsewhere }), 'install').status).toBe('pass')
    expect(tierOf(passingStream({ install: without }), 'install').status).toBe('unverified')
  })

  it('does not pass an upgrade in which nothing that runs differs', () => {
    const events = withEvidence('upgrade', 'identity', (evidence) => ({
      ...evidence,
      services: evidence.services.map((service) => ({ ...service, changed: [] })),
    }))
    expect(tierOf(events, 'upgrade')).toMatchObject({
      status: 'unverified',
      reason: expect.stringContaining('nothing that runs differs'),
    })
  })

  it('does not pass an upgrade to another commit than the one under test', () => {
    const other = 'f'.repeat(40)
    const events = withEvidence('upgrade', 'head-deployed', () => ({
      kind: 'head-deployed',
      label: other.slice(0, 8),
      commit: other,
    }))
    expect(tierOf(events, 'upgrade')).toMatchObject({ status: 'unverified', reason: expect.stringContaining(HEAD) })
  })

  it('does not pass a restore of a snapshot that this run did not take', () => {
    const events = withEvidence('restore', 'restored', (evidence) => ({
      ...evidence,
      snapshot: 'latest-of-another-run',
    }))
    expect(tierOf(events, 'restore')).toMatchObject({
      status: 'unverified',
      reason: expect.stringContaining('latest-of-another-run'),
    })
  })

  it('does not pass a lost witness or a failed hook that no check complained about', () => {
    const lost = withEvidence('upgrade', 'witness', (evidence) => ({
      kind: 'witness',
      witnesses: 'witnesses' in evidence ? evidence.witnesses.map((row) => ({ ...row, result: 'lost' as const })) : [],
    }))
    expect(tierOf(lost, 'upgrade')).toMatchObject({
      status: 'unverified',
      reason: expect.stringContaining('volume:data is lost'),
    })
    const hooks = withEvidence('backup', 'hooks', () => ({
      kind: 'hooks',
      hooks: [{ service: 'db', phase: 'backup.pre-hook', exitCode: 1, ms: 5 }],
    }))
    expect(tierOf(hooks, 'backup').status).toBe('unverified')
  })

  it.each(['skipped', 'none'] as const)('does not pass custom tests when the rows are %s', (rows) => {
    const functional = passingTier('functional').flatMap((draft): EventDraft[] => {
      if (draft.type !== 'test') return [draft]
      return rows === 'none' ? [] : [{ ...draft, test: { ...draft.test, status: 'skipped' } }]
    })
    expect(tierOf(passingStream({ functional }), 'functional')).toMatchObject({
      status: 'unverified',
      cause: { code: 'no-tests-ran' },
    })
  })
})

describe('a check that does not pass', () => {
  it.each(['recipe', 'upstream'] as const)('fails the tier and the run when the %s is to blame', (blame) => {
    const events = passingStream({
      install: tierWith('install', [{ outcome: 'fail', cause: cause('crash-loop', 'exit 1', { blame }) }]),
    })
    expect(tierOf(events, 'install')).toMatchObject({ status: 'fail', cause: { code: 'crash-loop', blame } })
    expect(fold(events)).toMatchObject({ verdict: 'fail', level: 0 })
    expect(exitCodeOf(fold(events))).toBe(1)
  })

  it.each(['infra', 'ci'] as const)('is unverified when the blame is %s', (blame) => {
    const events = passingStream({
      install: tierWith('install', [{ outcome: 'fail', cause: cause('crash-loop', 'exit 1', { blame }) }]),
    })
    expect(tierOf(events, 'install')).toMatchObject({ status: 'unverified', cause: { code: 'crash-loop', blame } })
    expect(exitCodeOf(fold(events))).toBe(3)
  })

  it('takes the first cause, and a fault of the recipe before what could not be looked at', () => {
    const checks = [
      { outcome: 'unverified' as const, cause: cause('engine-lost', 'gone') },
      { outcome: 'fail' as const, cause: cause('blank-page', 'white') },
      { outcome: 'fail' as const, cause: cause('data-lost', 'later') },
    ]
    expect(tierOf(passingStream({ upgrade: tierWith('upgrade', checks) }), 'upgrade').cause?.code).toBe('blank-page')
    const lost = tierOf(passingStream({ upgrade: tierWith('upgrade', checks.slice(0, 1)) }), 'upgrade')
    expect(lost).toMatchObject({ status: 'unverified', cause: { code: 'engine-lost', blame: 'infra' } })
  })

  it('is not proven where the stream has a doubt, and keeps the fault as lines; a pass stays one', () => {
    const doubt: EventDraft = { type: 'tier.doubted', tier: 'upgrade', cause: cause('code-refused', 'x was refused') }
    const failing = tierWith('upgrade', [{ outcome: 'fail', cause: cause('data-lost', 'all gone') }])
    const row = tierOf(passingStream({ upgrade: [...failing.slice(0, -1), doubt, ...failing.slice(-1)] }), 'upgrade')
    expect(row).toMatchObject({ status: 'unverified', cause: { code: 'code-refused', lines: ['data-lost: all gone'] } })
    const good = passingTier('upgrade')
    expect(tierOf(passingStream({ upgrade: [...good.slice(0, -1), doubt, ...good.slice(-1)] }), 'upgrade').status).toBe(
      'pass',
    )
  })

  it('is our fault when it does not say why', () => {
    const row = tierOf(passingStream({ backup: tierWith('backup', [{ outcome: 'fail' }]) }), 'backup')
    expect(row).toMatchObject({ status: 'unverified', cause: { code: 'harness-error', blame: 'ci' } })
  })

  it('fails on a failed test of the recipe, naming it', () => {
    const functional = passingTier('functional').map((draft): EventDraft => {
      return draft.type === 'test' && draft.test.title === 'can write'
        ? { ...draft, test: { ...draft.test, status: 'failed' } }
        : draft
    })
    const row = tierOf(passingStream({ functional }), 'functional')
    expect(row).toMatchObject({
      status: 'fail',
      cause: { code: 'test-failed', lines: ['tests/custom/functional.spec.ts › can write'] },
    })
  })
})

describe('a tier that was not judged', () => {
  const skipped = (
    tier: TierId,
    kind: 'structural' | 'declared' | 'not-selected',
    reason = 'no labels',
  ): EventDraft[] => [{ type: 'tier.skipped', tier, kind, reason }]

  it('is a skip with its reason and kind', () => {
    const without = (tier: TierId) => ({ [tier]: skipped(tier, 'structural', 'no released version') })
    const results = fold(passingStream(without('upgrade')))
    expect(results.tiers[2]).toMatchObject({
      status: 'skip',
      skipKind: 'structural',
      reason: 'no released version',
      startedAt: null,
    })
    expect(results).toMatchObject({ verdict: 'pass', level: 6 })
  })

  it('needs a reason to be a skip, and a result wins over a declaration', () => {
    expect(tierOf(passingStream({ upgrade: skipped('upgrade', 'declared', ' ') }), 'upgrade').status).toBe('unverified')
    const both = [
      ...skipped('upgrade', 'declared'),
      ...tierWith('upgrade', [{ outcome: 'fail', cause: cause('rolled-back', 'back') }]),
    ]
    expect(tierOf(passingStream({ upgrade: both }), 'upgrade').status).toBe('fail')
  })

  it('is blocked with the name, the cause code and the blame of what blocked it, through a chain', () => {
    const events = passingStream({
      install: tierWith('install', [{ outcome: 'unverified', cause: cause('disk-full', 'ENOSPC') }]),
      backup: [{ type: 'tier.blocked', tier: 'backup', by: 'install' }],
      restore: [{ type: 'tier.blocked', tier: 'restore', by: 'backup' }],
    })
    const message = 'needs install, which ended with disk-full'
    expect(tierOf(events, 'backup')).toMatchObject({
      status: 'unverified',
      cause: { code: 'blocked', blame: 'infra', message },
    })
    expect(tierOf(events, 'restore').cause).toMatchObject({
      code: 'blocked',
      blame: 'infra',
      message: `needs backup: ${message}`,
    })
  })

  it('is our fault when what blocked it has no cause, or waits for it in turn', () => {
    const byPass = passingStream({ backup: [{ type: 'tier.blocked', tier: 'backup', by: 'install' }] })
    expect(tierOf(byPass, 'backup')).toMatchObject({ status: 'unverified', cause: { code: 'blocked', blame: 'ci' } })
    const ring = passingStream({
      backup: [{ type: 'tier.blocked', tier: 'backup', by: 'restore' }],
      restore: [{ type: 'tier.blocked', tier: 'restore', by: 'backup' }],
    })
    expect(fold(ring).verdict).toBe('unverified')
  })

  it('is unverified when it was selected and never came, and a skip when it was not selected', () => {
    expect(tierOf(passingStream({ backup: [] }), 'backup')).toMatchObject({
      status: 'unverified',
      cause: { code: 'harness-error' },
    })
    const selected = TIER_IDS.filter((id) => id !== 'backup')
    expect(tierOf(passingStream({ backup: [] }, { selected }), 'backup')).toMatchObject({
      status: 'skip',
      skipKind: 'not-selected',
    })
  })

  it('may not leave out the teardown once something was deployed', () => {
    const selected = TIER_IDS.filter((id) => id !== 'teardown')
    expect(fold(passingStream({ teardown: [] }, { selected }))).toMatchObject({
      verdict: 'unverified',
      flags: { cleanTeardown: false },
    })
  })

  it.each([
    ['SIGINT', 'interrupted', 130],
    ['SIGTERM', 'interrupted', 143],
    ['cancel', 'interrupted', 130],
    ['deadline', 'deadline', 3],
  ] as const)('is unverified after %s: %s, exit %i', (signal, code, exit) => {
    const backup: EventDraft[] = [
      { type: 'tier.started', tier: 'backup' },
      { type: 'run.interrupted', signal },
    ]
    const results = fold(passingStream({ backup, restore: [] }))
    expect(results.tiers.filter(({ status }) => status === 'unverified').map((tier) => tier.cause?.code)).toEqual([
      code,
      code,
    ])
    expect(exitCodeOf(results)).toBe(exit)
  })

  it('is a harness error when it never ended in a run that did', () => {
    const backup: EventDraft[] = [{ type: 'tier.started', tier: 'backup' }]
    expect(tierOf(passingStream({ backup }), 'backup').cause).toMatchObject({ code: 'harness-error', blame: 'ci' })
  })
})

describe('the verdict', () => {
  const lintFails = { lint: tierWith('lint', [{ outcome: 'fail', cause: cause('compose-invalid', 'R001') }]) }

  it('is not decided by a failed lint, which stops the level below its rung', () => {
    expect(fold(passingStream(lintFails))).toMatchObject({ verdict: 'pass', level: 4 })
  })

  it('is decided by a failed lint when the operator enforces it, or when nothing else was judged', () => {
    expect(fold(passingStream(lintFails, { lintEnforced: true })).verdict).toBe('fail')
    const nothing = Object.fromEntries(TIER_IDS.map((id) => [id, []]))
    expect(fold(passingStream({ ...nothing, ...lintFails }, { selected: ['lint'] })).verdict).toBe('fail')
  })

  it('is never pass for a run that judged nothing', () => {
    const nothing = Object.fromEntries(TIER_IDS.map((id) => [id, []]))
    expect(fold(passingStream(nothing, { selected: [] })).verdict).toBe('unverified')
    expect(fold(passingStream({ ...nothing, teardown: passingTier('teardown') }, { selected: [] })).verdict).toBe(
      'unverified',
    )
  })

  it('is unverified with something left behind, whatever the teardown said', () => {
    const events = stamped([{ type: 'leak', kind: 'volume', name: 'x_data' }, ...passingDrafts()] as EventDraft[])
    expect(fold(events)).toMatchObject({
      verdict: 'unverified',
      flags: { cleanTeardown: false },
      leaks: [{ kind: 'volume', name: 'x_data' }],
    })
  })

  it('flags secrets that leaked, and a scan that never was', () => {
    const scan = (leaks: string[]): EventDraft => ({ type: 'secrets.scanned', files: 1, leaks })
    const leaked = fold(stamped([...passingDrafts(), scan(['logs/app.log'])]))
    expect(leaked).toMatchObject({
      verdict: 'unverified',
      flags: { cleanTeardown: true, noSecretLeak: false },
      secretLeaks: ['logs/app.log'],
    })
    expect(leaked.tiers.find(({ id }) => id === 'teardown')?.cause).toMatchObject({
      code: 'secret-leaked',
      blame: 'ci',
      lines: ['logs/app.log'],
    })
    expect(fold(passingStream().filter(({ type }) => type !== 'secrets.scanned')).flags.noSecretLeak).toBe(false)
  })

  it('is never pass for a stream that was cut off, at any line', () => {
    const events = passingStream()
    for (let end = 1; end < events.length; end++)
      expect(fold(events.slice(0, end)).verdict, `${end} lines`).toBe('unverified')
    expect(fold(events).verdict).toBe('pass')
  })

  it('does not depend on the order of tiers and of what belongs to no tier', () => {
    const events = passingStream({
      upgrade: tierWith('upgrade', [{ outcome: 'fail', cause: cause('data-lost', 'gone') }]),
    })
    const judged = (given: readonly RunEvent[]) => {
      const { verdict, level, flags, tiers } = fold(given)
      return {
        verdict,
        level,
        flags,
        tiers: tiers.map(({ id, status, cause, evidence }) => ({ id, status, cause, evidence })),
      }
    }
    const laneOf = (event: RunEvent) => ('tier' in event ? event.tier : 'run')
    const lanes = [...new Set(events.map(laneOf))]
    fc.assert(
      fc.property(fc.shuffledSubarray(lanes, { minLength: lanes.length }), (order) => {
        const shuffled = order.flatMap((lane) => events.filter((event) => laneOf(event) === lane))
        expect(judged(shuffled)).toEqual(judged(events))
      }),
    )
  })

  it('never gets better by taking events away', () => {
    const events = passingStream()
    const essential = (event: RunEvent) =>
      ['check', 'evidence', 'tier.started', 'tier.ended', 'run.ended'].includes(event.type) &&
      fold(events.filter((other) => other !== event)).verdict
    const needed = events.filter((event) =>
      ['evidence', 'tier.started', 'tier.ended', 'run.ended'].includes(event.type),
    )
    for (const event of needed) expect(essential(event), JSON.stringify(event)).toBe('unverified')
  })

  it('never passes when any tier says otherwise, and fails only for the recipe or its upstream', () => {
    const outcome = fc.constantFrom('pass' as const, 'fail' as const, 'unverified' as const)
    const blame = fc.constantFrom('recipe' as const, 'upstream' as const, 'infra' as const, 'ci' as const)
    fc.assert(
      fc.property(
        tierId.filter((id) => id !== 'lint'),
        outcome,
        blame,
        (tier, outcome, blame) => {
          const why = outcome === 'pass' ? {} : { cause: cause('harness-error', 'x', { blame }) }
          const { verdict } = fold(passingStream({ [tier]: tierWith(tier, [{ outcome, ...why }]) }))
          const recipes = blame === 'recipe' || blame === 'upstream'
          expect(verdict).toBe(outcome === 'pass' ? 'pass' : outcome === 'fail' && recipes ? 'fail' : 'unverified')
        },
      ),
    )
  })
})

function isEvidence(
  event: EventDraft,
  tier: TierId,
  kinds: readonly string[],
): event is Extract<EventDraft, { type: 'evidence' }> {
  return event.type === 'evidence' && event.tier === tier && kinds.includes(event.evidence.kind)
}

function withEvidence<K extends Evidence['kind']>(
  tier: TierId,
  kind: K,
  change: (evidence: Extract<Evidence, { kind: K }>) => Evidence,
): RunEvent[] {
  expect(PASSING[tier].some((evidence) => evidence.kind === kind)).toBe(true)
  return passingStream().map((event) =>
    isEvidence(event, tier, [kind])
      ? ({ ...event, evidence: change(event.evidence as Extract<Evidence, { kind: K }>) } as RunEvent)
      : event,
  )
}
