import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { SelftestReport } from '../../src/canaries/report.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'
import { openWorkshop } from './cc-ci.ts'

/** Many runs in one: far above what they take together on two processors that have other tests to run as well. */
const DEADLINE_MS = 1_200_000
const FAST = Object.keys(CANARIES).filter((name) => CANARIES[name]?.fast !== undefined)

describe('the self-test', () => {
  let report: SelftestReport
  let output = ''

  beforeAll(async () => {
    await using workshop = openWorkshop()
    const file = join(workshop.dir, 'selftest.json')
    const done = await workshop.run(['selftest', '--fast', '--json', file], { timeoutMs: DEADLINE_MS })
    output = `${done.stdout}\n${done.stderr}`
    report = JSON.parse(readFileSync(file, 'utf8')) as SelftestReport
    for (const { name, said } of report.runs) if (said) output += `\n--- ${name}\n${said}`
  }, DEADLINE_MS + 120_000)

  it.each(FAST)('%s ends as expected', (name) => {
    const run = report.runs.find((one) => one.name === name)
    expect(run?.differences, output).toEqual([])
  })

  it('counts what it saw, and keeps nothing of what went well', () => {
    const { faults, caught, healthy, falseReds, unexpected } = report.summary
    expect({ all: faults + healthy, caught, falseReds, unexpected }).toEqual({
      all: FAST.length,
      caught: faults,
      falseReds: 0,
      unexpected: 0,
    })
    expect(report.runs.filter(({ kept }) => kept !== null)).toEqual([])
  })
})
