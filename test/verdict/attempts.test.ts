import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstEnd, flakyTiers } from '../../src/verdict/attempts.ts'
import { CAUSES, type CauseCode, cause, isDeterministic } from '../../src/verdict/causes.ts'
import type { EventDraft, RunEvent } from '../../src/verdict/events.ts'
import { exitCodeOf } from '../../src/verdict/exit-code.ts'
import { fold } from '../../src/verdict/fold.ts'
import { repetitionOf } from '../../src/verdict/repetition.ts'
import { parseResults, type Results } from '../../src/verdict/results.ts'
import { type TierId, USUAL_TIERS } from '../../src/verdict/tiers.ts'
import { HEADER, passingStream, passingTier, stamped } from './passing-stream.ts'
import { undetected } from './tampering.ts'
import { ends, thrice, twice } from './two-attempts.ts'

function tier(results: Results, id: TierId): Results['tiers'][number] {
  return results.tiers.find((row) => row.id === id) as Results['tiers'][number]
}

const codes = (results: Results) => results.findings.map(({ code }) => code).filter((code) => code !== 'R015')
const skipped: EventDraft[] = [{ type: 'tier.skipped', tier: 'upgrade', kind: 'structural', reason: 'none' }]
const blocked: EventDraft[] = [{ type: 'tier.blocked', tier: 'upgrade', by: 'install' }]
const left: EventDraft[] = [{ type: 'tier.started', tier: 'upgrade' }]

describe('a run that was repeated', () => {
  it.each([
    // What the upgrade ends with at first, then, and what comes of it.
    ['fail', 'pass', 'not-converged', passingTier('upgrade'), 'pass', 'pass', ['flaky']],
    ['fail', 'the same fail', 'not-converged', ends('upgrade', 'not-converged'), 'fail', 'fail', ['repeated']],
    ['fail', 'another fail', 'not-converged', ends('upgrade', 'data-lost'), 'fail', 'fail', ['repeated']],
    ['fail', 'no judgement', 'not-converged', ends('upgrade', 'engine-lost'), 'fail', 'fail', ['repeated']],
    [
      'fail',
      'a fault of cc-ci',
      'not-converged',
      ends('upgrade', 'harness-error'),
      'unverified',
      'unverified',
      ['repeated'],
    ],
    ['fail', 'skip', 'not-converged', skipped, 'fail', 'fail', ['repeated']],
    ['fail', 'an open end', 'not-converged', left, 'unverified', 'unverified', ['repeated']],
    ['unverified', 'pass', 'deadline', passingTier('upgrade'), 'pass', 'pass', ['flaky']],
    ['unverified', 'fail', 'deadline', ends('upgrade', 'crash-loop'), 'fail', 'fail', ['repeated']],
    ['unverified', 'unverified', 'deadline', ends('upgrade', 'engine-lost'), 'unverified', 'unverified', ['repeated']],
  ] as const)('%s, then %s', (_, __, code, second, status, verdict, findings) => {
    const results = fold(twice({ upgrade: ends('upgrade', code, 'at first') }, { upgrade: second }))
    expect(tier(results, 'upgrade').status).toBe(status)
    expect(results.verdict).toBe(verdict)
    expect(codes(results)).toEqual(findings)
    expect(results.findings.at(-1)?.message).toContain(`${code} (blame: ${CAUSES[code].blame}): at first`)
    expect(results.flags.cleanTeardown).toBe(true)
    expect(parseResults(JSON.parse(JSON.stringify(results)))).toEqual(results)
  })

  it('says that what could not be judged at first was not judged again', () => {
    const { findings } = fold(twice({ upgrade: ends('upgrade', 'deadline') }, { upgrade: skipped }))
    const was = `deadline (blame: ${CAUSES.deadline.blame}): seen`
    const message = `upgrade ended with ${was}, and was not judged again: none`
    expect(findings.at(-1)).toEqual({ code: 'repeated', severity: 'warning', message })
  })

  it('keeps when each attempt began and ended', () => {
    const events = twice({ upgrade: ends('upgrade', 'not-converged') }, { upgrade: ends('upgrade', 'engine-lost') })
    const mark = events.findIndex(({ type }) => type === 'attempt.started')
    const at = (index: number) => events.at(index)?.at
    const { attempts = [] } = fold(events)
    expect(attempts.map(({ attempt, startedAt, finishedAt }) => [attempt, startedAt, finishedAt])).toEqual([
      [1, at(0), at(mark - 1)],
      [2, at(mark), at(-1)],
    ])
  })

  it('calls a tier flaky only where it passed in the end', () => {
    const { tiers, attempts } = fold(twice({ upgrade: ends('upgrade', 'not-converged') }))
    const failed = tiers.map((row) => (row.id === 'upgrade' ? { ...row, status: 'fail' as const } : row))
    expect(flakyTiers({ tiers: failed, attempts })).toEqual([])
  })

  it('says with which severity each end is told', () => {
    const upgrade = ends('upgrade', 'not-converged')
    const reported = (second: Parameters<typeof twice>[1]) => fold(twice({ upgrade }, second)).findings.at(-1)?.severity
    expect(reported({})).toBe('warning')
    expect(reported({ upgrade })).toBe('info')
    const passedAtFirst = fold(
      twice({ upgrade: ends('upgrade', 'deadline') }, { backup: ends('backup', 'backup-empty') }),
    )
    expect(passedAtFirst.findings.at(-1)).toMatchObject({ code: 'flaky', severity: 'warning' })
    expect(flakyTiers({ tiers: passedAtFirst.tiers })).toEqual([])
  })

  it('passes with exit code 0, level and images of the second attempt, and keeps the first whole', () => {
    const results = fold(twice({ upgrade: ends('upgrade', 'not-converged') }))
    expect(results).toMatchObject({ verdict: 'pass', level: 6, run: { complete: true, interrupted: null } })
    expect(exitCodeOf(results)).toBe(0)
    expect(flakyTiers(results)).toEqual([{ tier: 'upgrade', code: 'not-converged' }])
    expect(results.attempts).toHaveLength(1)
    const [first] = results.attempts ?? []
    expect(first).toMatchObject({ attempt: 1, verdict: 'fail', because: 'repeated: upgrade ended with not-converged' })
    expect(first?.tiers.map(({ id, status }) => `${id} ${status}`)).toEqual(
      USUAL_TIERS.map((id) => `${id} ${id === 'upgrade' ? 'fail' : 'pass'}`),
    )
    for (const { id, evidence } of first?.tiers ?? [])
      expect(evidence.length, id).toBeGreaterThan(id === 'upgrade' ? -1 : 0)
    expect(Date.parse(first?.finishedAt ?? '')).toBeLessThan(Date.parse(tier(results, 'install').startedAt ?? ''))
  })

  it('says so where the second attempt could not judge, and keeps what it saw', () => {
    const results = fold(
      twice({ upgrade: ends('upgrade', 'not-converged') }, { upgrade: ends('upgrade', 'engine-lost') }),
    )
    expect(results.findings.at(-1)?.message).toMatch(
      /^upgrade ended with not-converged .* could not be judged again: seen$/,
    )
    expect(results.attempts?.[1]).toMatchObject({ attempt: 2, because: 'what the first found stands for upgrade' })
    expect(results.attempts?.[1]?.tiers[2]?.cause?.code).toBe('engine-lost')
  })

  it('has lint judged once, for both', () => {
    const results = fold(twice({ upgrade: ends('upgrade', 'not-converged'), lint: ends('lint', 'compose-invalid') }))
    expect(tier(results, 'lint').status).toBe('fail')
    expect(results).toMatchObject({ verdict: 'pass', level: 4 })
    expect(codes(results)).toEqual(['flaky'])
    const unclear = fold(twice({ upgrade: ends('upgrade', 'not-converged'), lint: ends('lint', 'harness-error') }))
    expect(tier(unclear, 'lint')).toMatchObject({ status: 'unverified' })
    expect(tier(unclear, 'lint')).not.toHaveProperty('attempt')
    expect(unclear.attempts).toHaveLength(1)
  })

  it('passes what had waited for the tier that failed at first', () => {
    const backup: EventDraft[] = [{ type: 'tier.blocked', tier: 'backup', by: 'upgrade' }]
    const results = fold(twice({ upgrade: ends('upgrade', 'not-converged'), backup }))
    expect(results.verdict).toBe('pass')
    expect(codes(results)).toEqual(['flaky'])
    expect(flakyTiers(results)).toEqual([{ tier: 'upgrade', code: 'not-converged' }])
  })

  it('is red with the causes of both when the second attempt fails elsewhere', () => {
    const results = fold(
      twice(
        { upgrade: ends('upgrade', 'not-converged', 'at first') },
        { install: ends('install', 'crash-loop', 'then'), upgrade: blocked },
      ),
    )
    expect(results.verdict).toBe('fail')
    expect(tier(results, 'install').cause).toMatchObject({ code: 'crash-loop', message: 'then' })
    const upgrade = tier(results, 'upgrade')
    expect(upgrade).toMatchObject({ status: 'fail', attempt: 1, cause: { code: 'not-converged' } })
    expect(firstEnd(upgrade, results)).toBeUndefined()
    expect(firstEnd({ ...upgrade, attempt: undefined }, results)?.cause?.message).toBe('at first')
    expect(results.findings.slice(-2)).toMatchObject([
      { code: 'flaky', message: expect.stringMatching(/^install passed at first; .*crash-loop .*then$/) },
      {
        code: 'repeated',
        message: expect.stringMatching(/^upgrade ended with not-converged .*could not be judged again/),
      },
    ])
    expect(results.attempts?.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(flakyTiers(results)).toEqual([])
  })

  it('restores its own snapshot, not that of the first attempt', () => {
    const taken = (id: string) => rename(passingTier('backup'), 'snapshot', { id })
    const back = (snapshot: string) => rename(passingTier('restore'), 'restored', { snapshot })
    const first = {
      backup: taken('11111111'),
      restore: back('11111111'),
      functional: ends('functional', 'test-failed'),
    }
    expect(fold(twice(first, { backup: taken('22222222'), restore: back('22222222') })).verdict).toBe('pass')
    const wrong = fold(twice(first, { backup: taken('22222222'), restore: back('11111111') }))
    expect(tier(wrong, 'restore')).toMatchObject({ status: 'unverified', cause: { code: 'evidence-missing' } })
  })
})

describe('a second attempt undoes nothing that it may not', () => {
  const all = Object.keys(CAUSES) as CauseCode[]

  it.each(all.filter((code) => isDeterministic({ code })))('%s stands, whatever comes after it', (code) => {
    const results = fold(twice({ upgrade: ends('upgrade', code) }))
    expect(results.verdict).not.toBe('pass')
    expect(tier(results, 'upgrade').status).toBe(
      fold(passingStream({ upgrade: ends('upgrade', code) })).tiers[2]?.status,
    )
    expect(codes(results)).toEqual(['attempt-not-counted'])
    expect(results.attempts?.map(({ attempt, verdict }) => [attempt, verdict])).toEqual([[2, 'pass']])
  })

  it('what a case says of itself goes before the table', () => {
    const said = (deterministic: boolean, code: CauseCode) =>
      ends('upgrade', code).map((draft) =>
        draft.type === 'check' ? { ...draft, cause: cause(code, 'seen', { deterministic }) } : draft,
      )
    expect(fold(twice({ upgrade: said(false, 'crash-loop') })).verdict).toBe('pass')
    expect(fold(twice({ upgrade: said(true, 'not-converged') })).verdict).toBe('fail')
  })

  it('what is deterministic beside what may be chance', () => {
    const first = { upgrade: ends('upgrade', 'not-converged'), functional: ends('functional', 'harness-error') }
    const results = fold(twice(first))
    expect(results.verdict).toBe('unverified')
    expect(tier(results, 'functional')).toMatchObject({
      status: 'unverified',
      attempt: 1,
      cause: { code: 'harness-error' },
    })
    expect(results.findings.slice(-2).map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(/^flaky upgrade passed/),
      expect.stringMatching(/^repeated functional ended with harness-error .* does not undo that$/),
    ])
    expect(flakyTiers(results).map((row) => row.tier)).toEqual(['upgrade'])
    const fails = fold(twice(first, { functional: ends('functional', 'test-failed') }))
    expect(tier(fails, 'functional')).toMatchObject({ status: 'fail', cause: { code: 'test-failed' } })
  })

  it('something left by the first attempt, or no proof that nothing was', () => {
    const leak: EventDraft[] = [{ type: 'leak', kind: 'volume', name: 'x_data' }, ...passingTier('teardown')]
    for (const teardown of [leak, passingTier('teardown').filter(({ type }) => type !== 'evidence'), []]) {
      const results = fold(twice({ upgrade: ends('upgrade', 'not-converged'), teardown }))
      expect(results).toMatchObject({ verdict: 'fail', flags: { cleanTeardown: false } })
      expect(codes(results)).toContain('attempt-not-counted')
    }
  })

  it('something left by the second attempt', () => {
    const teardown: EventDraft[] = [{ type: 'leak', kind: 'volume', name: 'x_data' }, ...passingTier('teardown')]
    const results = fold(twice({ upgrade: ends('upgrade', 'not-converged') }, { teardown }))
    expect(results).toMatchObject({
      verdict: 'unverified',
      flags: { cleanTeardown: false },
      leaks: [{ name: 'x_data' }],
    })
  })

  it('a removal that was not proven, of an attempt that does not even count', () => {
    const results = fold(twice({ upgrade: ends('upgrade', 'data-lost') }, { teardown: [] }))
    expect(results).toMatchObject({ verdict: 'fail', leaks: [], flags: { cleanTeardown: false } })
  })

  it('an interruption of the first', () => {
    const upgrade = [...ends('upgrade', 'not-converged'), { type: 'run.interrupted', signal: 'SIGTERM' } as const]
    expect(fold(twice({ upgrade }))).toMatchObject({ verdict: 'fail', run: { interrupted: 'SIGTERM' } })
  })

  it('a pass: nothing was to be repeated, and the run is not in order', () => {
    expect(fold(twice({}))).toMatchObject({ verdict: 'unverified', level: 6 })
    expect(codes(fold(twice({})))).toEqual(['attempt-not-counted'])
  })

  it('a second failure, by a third attempt', () => {
    const fails = { upgrade: ends('upgrade', 'not-converged') }
    expect(fold(thrice(fails, fails))).toMatchObject({ verdict: 'fail' })
    expect(fold(thrice(fails, {}))).toMatchObject({ verdict: 'unverified' })
    expect(codes(fold(thrice(fails, fails)))).toEqual(['repeated', 'attempt-not-counted'])
    const because = 'does not count: what failed twice is not tried a third time'
    const reported = { code: 'attempt-not-counted', severity: 'error', message: `attempt 3 ${because}` } as const
    const { findings, attempts = [] } = fold(thrice(fails, fails))
    expect(findings).toContainEqual(reported)
    expect(attempts.find(({ attempt }) => attempt === 3)?.because).toBe(because)
  })

  it('a stream that was cut off, at any line', () => {
    const events = twice({ upgrade: ends('upgrade', 'not-converged') })
    for (let end = 1; end < events.length; end++)
      expect(fold(events.slice(0, end)).verdict, `${end} lines`).not.toBe('pass')
    expect(fold(events).verdict).toBe('pass')
    const open = fold(events.slice(0, events.findLastIndex(({ type }) => type === 'tier.started') + 1))
    expect(tier(open, 'teardown').reason).toBe('teardown was begun and never ended: the record of the run stops before')
  })

  it('a tier that was left open, in a first attempt that was followed or in a run that came to its end', () => {
    const open = 'upgrade was begun and never ended, though the run came to its end'
    const events = twice({ upgrade: left })
    expect(tier(fold(events), 'upgrade').reason).toBe(open)
    const mark = events.findIndex(({ type }) => type === 'attempt.started')
    expect(tier(fold(events.slice(0, mark + 1)), 'upgrade').reason).toBe(open)
    expect(tier(fold(events.slice(0, mark)), 'upgrade').reason).not.toBe(open)
    expect(tier(fold(passingStream({ upgrade: left })), 'upgrade').reason).toBe(open)
  })

  it('evidence that was taken away, from the second attempt or from both', () => {
    const events = twice({ upgrade: ends('upgrade', 'not-converged') })
    expect(undetected(events)).toEqual([])
    const mark = events.findIndex(({ type }) => type === 'attempt.started')
    const needed = events.slice(mark).filter(({ type }) => type === 'evidence' || type === 'tier.ended')
    expect(needed.length).toBeGreaterThanOrEqual(30)
    for (const event of needed)
      expect(fold(events.filter((other) => other !== event)).verdict, JSON.stringify(event)).toBe('unverified')
  })

  it('the mark itself: without it the attempts are one, which failed', () => {
    const events = twice({ upgrade: ends('upgrade', 'not-converged') })
    expect(fold(events.filter(({ type }) => type !== 'attempt.started')).verdict).toBe('fail')
  })
})

describe('repetitionOf', () => {
  const of = (instead: Parameters<typeof passingStream>[0], header = {}) =>
    repetitionOf(fold(passingStream(instead, header)).tiers, { ...HEADER, ...header })
  const upgrade = ends('upgrade', 'not-converged')

  it('names what may be chance, and nothing that passed or waited for it', () => {
    expect(of({})).toEqual({ repeat: false, why: null })
    expect(of({ upgrade })).toEqual({ repeat: true, because: 'upgrade ended with not-converged' })
    const restore: EventDraft[] = [{ type: 'tier.blocked', tier: 'restore', by: 'backup' }]
    expect(of({ backup: ends('backup', 'engine-lost'), restore })).toEqual({
      repeat: true,
      because: 'backup ended with engine-lost',
    })
    expect(of({ upgrade, functional: ends('functional', 'test-failed') })).toMatchObject({
      because: 'upgrade ended with not-converged, functional ended with test-failed',
    })
  })

  it('is of no use where the verdict is certain', () => {
    const why = 'restore ended with restore-no-effect and would again, whatever becomes of the rest'
    expect(of({ upgrade, restore: ends('restore', 'restore-no-effect') })).toEqual({ repeat: false, why })
    const lost = ends('backup', 'engine-lost')
    const broken = ends('functional', 'harness-error')
    expect(of({ backup: lost, functional: broken })).toMatchObject({ repeat: false, why: /harness-error/ })
    // From fail to unverified is a better verdict: the recipe is not to blame.
    expect(of({ upgrade, functional: broken }).repeat).toBe(true)
  })

  it('counts lint where lint decides, and what it finds always stays', () => {
    const lint = ends('lint', 'hook-failed')
    expect(of({ upgrade, lint }).repeat).toBe(true)
    expect(of({ upgrade, lint }, { lintEnforced: true })).toMatchObject({ repeat: false, why: /lint/ })
    expect(of({ lint }, { lintEnforced: true })).toEqual({ repeat: false, why: null })
  })

  it('counts lint that could not be judged: that decides the verdict too', () => {
    const both = { upgrade: ends('upgrade', 'deadline'), lint: ends('lint', 'engine-lost') }
    expect(of(both)).toMatchObject({ repeat: false, why: /lint ended with engine-lost/ })
  })

  it('never repeats for what the teardown found', () => {
    expect(of({ teardown: ends('teardown', 'engine-lost') })).toEqual({ repeat: false, why: null })
  })

  it('repeats only what could end in a better verdict', () => {
    const code = fc.constantFrom(...(Object.keys(CAUSES) as CauseCode[]).filter((one) => one !== 'blocked'))
    const rank = { fail: 0, unverified: 1, pass: 2 }
    fc.assert(
      fc.property(fc.option(code), fc.option(code), fc.option(code), (install, backup, functional) => {
        const instead = (keep: (code: CauseCode) => boolean) =>
          Object.fromEntries(
            Object.entries({ install, backup, functional }).flatMap(([id, code]) =>
              code && keep(code) ? [[id, ends(id as TierId, code)]] : [],
            ),
          )
        const now = fold(passingStream(instead(() => true))).verdict
        const best = fold(passingStream(instead((code) => isDeterministic({ code })))).verdict
        expect(of(instead(() => true)).repeat).toBe(rank[best] > rank[now])
      }),
    )
  })
})

/** The tier with other content in its evidence of one kind. */
function rename(drafts: readonly EventDraft[], kind: string, change: object): EventDraft[] {
  return drafts.map((draft) =>
    draft.type === 'evidence' && draft.evidence.kind === kind
      ? ({ ...draft, evidence: { ...draft.evidence, ...change } } as EventDraft)
      : draft,
  )
}

// Older runs have no mark and no attempts.
it('results without attempts are read as before', () => {
  const results = fold(stamped(passingStream() as RunEvent[]))
  expect(results).not.toHaveProperty('attempts')
  expect(parseResults(JSON.parse(JSON.stringify(results)))).toEqual(results)
})
