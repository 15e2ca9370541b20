import { describe, expect, it } from 'vitest'
import { FAULTS } from '../../fixtures/recipes/faults.ts'
import { openWorkshop } from './cc-ci.ts'

const EXIT = { pass: 0, fail: 1, unverified: 3 }

describe.concurrent('planted faults end at their tier with their cause', () => {
  it.each(Object.entries(FAULTS))('%s', async (name, { expect: expected, args }) => {
    await using workshop = openWorkshop()
    const { results, exitCode, stdout } = await workshop.test([await workshop.recipe(name), ...args])
    const deciding = results.tiers.filter(({ id }) => id !== 'lint')
    const decisive =
      deciding.find(({ status }) => status === 'fail') ?? deciding.find(({ status }) => status === 'unverified')
    const found = {
      tier: decisive?.id ?? null,
      cause: decisive?.cause?.code ?? null,
      verdict: results.verdict,
      blame: decisive?.cause?.blame ?? null,
    }
    const { finding, ...rest } = expected
    expect(found, stdout).toEqual(rest)
    expect(exitCode).toBe(EXIT[expected.verdict])
    if (finding) expect(results.findings.map(({ code }) => code)).toContain(finding)
    if (expected.tier)
      expect(decisive?.cause?.lines.join('\n')).toMatch(/^machine: load [\d. ]+ on \d+ processors, .* GiB disk free$/m)
    expect(results.leaks).toEqual([])
    expect(results.flags).toEqual({ cleanTeardown: true, noSecretLeak: true })
  })
})
