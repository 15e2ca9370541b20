import { describe, expect, it } from 'vitest'
import { canariesOf, canaryProblems } from '../../src/canaries/coverage.ts'
import { selftestPage } from '../../src/canaries/page.ts'
import { isHealthy, reportOf } from '../../src/canaries/report.ts'
import type { CanaryRun } from '../../src/canaries/run-canary.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'
import { CAUSES } from '../../src/verdict/causes.ts'
import { CHECK_IDS, identityOf } from '../../src/verdict/checks.ts'

const all = Object.entries(CANARIES)

describe('the set of canaries', () => {
  it('has one for each cause, and each asks for checks', () => expect(canaryProblems(CANARIES)).toEqual([]))

  it('says so where a cause has none', () => {
    const without = Object.fromEntries(all.filter(([name]) => name !== 'blank-page'))
    expect(canaryProblems(without)).toEqual([expect.stringMatching(/^cause blank-page: no canary/)])
  })

  it('names first the canary that a cause decides', () => {
    expect(canariesOf('config-version-not-bumped', CANARIES)[0]).toBe('config-not-bumped')
    expect(canariesOf('blocked', CANARIES).length).toBeGreaterThan(0)
  })

  it('has at least forty, enough of them healthy, and a fast part of both kinds', () => {
    expect(all.length).toBeGreaterThanOrEqual(40)
    const fast = all.filter(([, canary]) => canary.fast !== undefined).map(([, canary]) => isHealthy(canary))
    expect(new Set(fast)).toEqual(new Set([true, false]))
    expect(all.filter(([, canary]) => isHealthy(canary)).length).toBeGreaterThanOrEqual(8)
  })

  it('asks for every check that there is', () => {
    // What only an error beyond a recipe, code of a recipe in a test of its own, or another deployer brings about.
    const elsewhere = ['lint-rule', 'function', 'ready-function', 'specs-executed', 'up-before', 'bot-backed-up']
    const removal = ['removal-ran', 'removed']
    const asked = all.flatMap(([, { expect: expected }]) => [
      ...Object.values(expected.checks).flat(),
      ...(expected.decidedBy ? [expected.decidedBy] : []),
    ])
    const ids = new Set(asked.map((check) => identityOf(check).id))
    expect(CHECK_IDS.filter((id) => !ids.has(id))).toEqual(
      CHECK_IDS.filter((id) => [...elsewhere, ...removal].includes(id)),
    )
  })

  it('expects an exit code that belongs to the verdict', () => {
    const codes = { pass: [0], fail: [1], unverified: [3, 130, 143], refused: [2] }
    for (const [name, { expect: expected }] of all) expect(codes[expected.verdict], name).toContain(expected.exitCode)
  })
})

describe('the page of the self-test', () => {
  const run = (name: string, wrong: string[] = []): CanaryRun => ({
    ...{
      name,
      differences: wrong,
      ms: 12_340,
      times: { sinceActMs: 4_000, sinceSignMs: null },
      kept: wrong.length > 0 ? '/somewhere/kept' : null,
      said: '',
    },
    found: null,
  })
  const machine = { engine: '20.10.24', api: '1.41', cpus: 2, memoryBytes: 24 * 1024 ** 3, load: [1, 2, 3] }
  const facts = {
    canaries: CANARIES,
    machine,
    startedAt: '2026-11-24T12:00:00.000Z',
    seconds: 90,
    jobs: 2,
    repeat: 1,
    repeatHealthy: 1,
  }

  it('has a row for each canary with its seconds, and names no path', () => {
    const text = selftestPage(reportOf({ ...facts, runs: all.map(([name]) => run(name)) }), CANARIES)
    for (const [name] of all) expect(text).toContain(`| ${name}`)
    expect(text).toContain('2026-11-24')
    expect(text).toMatch(/\| crash-loop ⚡ \|.*\| install \| crash-loop \| recipe \| 12\.3 \| 4\.0 \| yes \|/)
    expect(text).not.toContain('/somewhere')
  })

  it('says how often each was run', () => {
    const text = selftestPage(reportOf({ ...facts, repeatHealthy: 20, runs: all.map(([name]) => run(name)) }), CANARIES)
    expect(text).toContain('with 2 at a time, each healthy look-alike 20 times\n')
  })

  it('says where something was not as expected', () => {
    const runs = all.map(([name]) => run(name, name === 'crash-loop' ? ['tier: expected install, found upgrade'] : []))
    const report = reportOf({ ...facts, runs })
    expect(report.summary.unexpected).toBe(1)
    expect(selftestPage(report, CANARIES)).toMatch(/\| crash-loop ⚡ \|.*\| \*\*no\*\* \|/)
  })

  it('counts faults that were caught and healthy runs that were not green', () => {
    const found = (verdict: 'pass' | 'fail') => ({ ...run('healthy'), found: { verdict } }) as unknown as CanaryRun
    const { summary } = reportOf({ ...facts, runs: [found('pass'), found('fail'), run('crash-loop')] })
    expect(summary).toMatchObject({ healthy: 2, falseReds: 1, faults: 1, caught: 0 })
  })
})

it('every canary of a cause is one that `cc-ci explain` can name', () => {
  for (const code of Object.keys(CAUSES))
    expect(Object.keys(CANARIES)).toContain(canariesOf(code as 'crash-loop', CANARIES)[0])
})
