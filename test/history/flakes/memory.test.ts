import { describe, expect, it } from 'vitest'
import { CLEAN_RUNS, type FlakeMemory, flakeMemory } from '../../../src/history/flakes/memory.ts'
import { type RunSummary, summaryOf } from '../../../src/history/run-summary.ts'
import { chanceTexts, flakeTable, rateText } from '../../../src/report/flakes/flake-memory.ts'
import type { EventDraft } from '../../../src/verdict/events.ts'
import { HEADER, passingTier } from '../../verdict/passing-stream.ts'
import { ends } from '../../verdict/two-attempts.ts'
import { crash, flakyResults, type Made, summary } from '../some-runs.ts'

const DAY = 86_400_000
const START = Date.parse('2026-10-01T10:00:00Z')

/** The id of a run that began so many days after the first of October. */
function idAt(day: number): string {
  return `${new Date(START + day * DAY).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)}-aaaaaa`
}

const clean = (day: number, made: Made = {}): RunSummary => summary({ id: idAt(day), ...made })
const failed = (day: number): RunSummary => clean(day, { fails: { upgrade: crash } })
const flaky = (day: number, made: Made = {}): RunSummary =>
  summaryOf(flakyResults({ id: idAt(day), ...made }, { upgrade: ends('upgrade', 'not-converged') }))

function of(runs: readonly RunSummary[], tier: string, test: string | null = null): FlakeMemory | undefined {
  return flakeMemory(runs).find((one) => one.tier === tier && (one.test?.title ?? null) === test)
}

describe('the memory of a tier', () => {
  it('counts runs, attempts, flaky passes and fails, with the rate', () => {
    const runs = [clean(1), flaky(2), failed(3), clean(4), flaky(5)]
    expect(of(runs, 'upgrade')).toMatchObject({
      ...{ recipe: 'pocketbase', runs: 5, attempts: 7, flaky: 2, failed: 1, rate: 0.4, newest: idAt(5) },
      ...{ evidenceSchema: 1, tools: ['0.1.0'], since: { run: idAt(2), at: '2026-10-03T10:00:00.000Z' } },
    })
    expect(of(runs, 'install')).toMatchObject({ runs: 5, flaky: 0, since: null, newest: null })
  })

  it('is of comparable runs alone: whole ones of one recipe and one meaning', () => {
    const other = clean(2, { header: { recipe: { ...HEADER.recipe, name: 'other' } } })
    const runs = [clean(1), other, flaky(3, { header: { evidenceSchema: 9 } }), { ...flaky(4), whole: false }, clean(5)]
    expect(
      of(
        runs.filter(({ recipe }) => recipe.name !== 'other'),
        'upgrade',
      ),
    ).toMatchObject({ runs: 2, flaky: 0 })
    expect(flakeMemory(runs, { recipe: 'other' }).every(({ recipe }) => recipe === 'other')).toBe(true)
  })

  it('names the versions of cc-ci that made them', () => {
    const header = { tool: { ...HEADER.tool, version: '0.0.9' } }
    expect(of([clean(1, { header }), clean(2)], 'upgrade')?.tools).toEqual(['0.0.9', '0.1.0'])
  })

  it('has a rate of the last 28 days, and knows for longer', () => {
    const runs = [flaky(0), clean(20), flaky(40), clean(50)]
    expect(of(runs, 'upgrade')).toMatchObject({ runs: 2, flaky: 1, rate: 0.5, since: { run: idAt(0) } })
    expect(flakeMemory(runs, { until: START + 30 * DAY }).find(({ tier }) => tier === 'upgrade')).toMatchObject({
      ...{ runs: 1, flaky: 0, since: { run: idAt(0) } },
    })
  })

  it.each([
    ['one short of enough passes in a row', CLEAN_RUNS - 1, 0],
    ['enough of them', CLEAN_RUNS, null],
  ])('ends a flaky period with %s', (_, passes, since) => {
    const after = Array.from({ length: passes }, (_, at) => clean(at + 1))
    const found = of([flaky(0), ...after.slice(0, 3), failed(0.5), ...after.slice(3)], 'upgrade')?.since
    expect(found?.run ?? null).toBe(since === null ? null : idAt(since))
  })

  it('begins a new period after that, and a flake starts the count again', () => {
    const clean10 = (from: number) => Array.from({ length: CLEAN_RUNS }, (_, at) => clean(from + at))
    expect(of([flaky(0), ...clean10(1), flaky(12), clean(13)], 'upgrade')?.since?.run).toBe(idAt(12))
    expect(of([flaky(0), ...clean10(1).slice(1), flaky(12), ...clean10(13).slice(1)], 'upgrade')?.since?.run).toBe(
      idAt(0),
    )
  })

  it('takes percentiles of times that were really taken, of passes alone', () => {
    const timed = (day: number, durationMs: number, base = clean(day)): RunSummary => ({
      ...base,
      tiers: base.tiers.map((tier) => (tier.id === 'upgrade' ? { ...tier, durationMs } : tier)),
    })
    const runs = Array.from({ length: 20 }, (_, at) => timed(at, (at + 1) * 1000))
    expect(of([...runs, timed(21, 900_000, failed(21))], 'upgrade')?.took).toEqual({
      ...{ p50Ms: 10_000, p95Ms: 19_000, runs: 20 },
    })
    expect(of([failed(1)], 'upgrade')?.took).toBeNull()
  })

  it('is the same in whatever order the runs come', () => {
    const runs = [clean(1), flaky(2), failed(3), clean(4), flaky(5)]
    expect(flakeMemory(runs.toReversed())).toEqual(flakeMemory(runs))
  })
})

describe('the memory of a test', () => {
  const row = (status: 'passed' | 'failed', quarantined?: { reason: string; until: string }): EventDraft => ({
    ...{ type: 'test', tier: 'functional' },
    test: {
      title: 'logs in',
      file: 'cc-ci/tests/custom/login.spec.ts',
      status,
      durationMs: 40,
      ...(quarantined ? { quarantined } : {}),
    },
  })
  const with_ = (test: EventDraft): EventDraft[] => {
    const drafts = passingTier('functional')
    return [...drafts.slice(0, -1), test, ...drafts.slice(-1)]
  }

  it('is kept by file and title, flaky where it failed at first', () => {
    const run = summaryOf(
      flakyResults({ id: idAt(1) }, { functional: with_(row('failed')) }, { functional: with_(row('passed')) }),
    )
    expect(of([clean(0), run], 'functional', 'logs in')).toMatchObject({
      test: { file: 'cc-ci/tests/custom/login.spec.ts', title: 'logs in' },
      ...{ runs: 1, attempts: 2, flaky: 1, rate: 1, took: { p50Ms: 40, p95Ms: 40, runs: 1 } },
    })
    expect(of([run], 'functional')).toMatchObject({ flaky: 1 })
  })

  it('continues in quarantine, and bounds what a pull request may say', () => {
    const quarantined = { reason: 'why', until: '2026-12-31' }
    const long = 'x'.repeat(5000)
    const results = flakyResults(
      { id: idAt(1) },
      { upgrade: ends('upgrade', 'not-converged') },
      { functional: with_(row('failed', quarantined)) },
    )
    const many = Array.from(
      { length: 300 },
      () => ({ title: long, file: long, status: 'passed', durationMs: 1 }) as const,
    )
    const kept = summaryOf({ ...results, tiers: results.tiers.map((tier) => ({ ...tier, tests: many })) })
    expect(JSON.stringify(kept).length).toBeLessThan(9 * 200 * 400)
    const tests = summaryOf(results).tiers.find(({ id }) => id === 'functional')?.tests
    expect(tests).toContainEqual(
      expect.objectContaining({ title: 'logs in', status: 'failed', quarantined: '2026-12-31' }),
    )
  })
})

describe('its words', () => {
  const runs = [clean(1), flaky(2), clean(3), clean(4), clean(5), clean(6), flaky(7)]
  const memory = flakeMemory(runs).filter(({ newest }) => newest === idAt(7))

  it('tell the rate with what it stands on', () => {
    expect(memory.map(rateText)).toEqual(['2 of 7 runs of this tier in the last 28 d: 29 %, flaky since 2026-10-03'])
    expect(chanceTexts(memory)).toEqual([
      'upgrade passed on the second attempt; 2 of 7 runs of this tier in the last 28 d: 29 %, flaky since 2026-10-03',
    ])
  })

  it('keep what a recipe says on one line, without a sequence for the terminal', () => {
    const test = { file: 'a\u001b[2Jb', title: 'x\ny' }
    const [one] = memory
    if (!one) throw new Error('nothing is flaky')
    const table = flakeTable([{ ...one, test }])
    for (const said of ['\u001b', 'x\ny']) expect(table).not.toContain(said)
  })
})
