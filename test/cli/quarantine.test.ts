import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { tierOf, tinkered, write } from './tinkered.ts'

const FILE = 'cc-ci/tests/custom/login.spec.ts'
const SPEC = `import { expect, test } from 'cc-ci/test'
test('logs in', () => expect(1).toBe(2))
test('serves', async ({ request }) => expect((await request.get('/ok.txt')).status()).toBe(200))
`

/** The healthy recipe with a test that fails, and an operator who excuses it until that day. */
async function excused(workshop: Workshop, expires: string): Promise<string[]> {
  const recipe = await tinkered(workshop, { [FILE]: SPEC })
  const entry = { file: FILE, test: 'logs in', reason: 'upstream loses the session', expires }
  const recipes = join(workshop.dir, 'recipes')
  write(recipes, { 'healthy/cc-ci.yml': stringify({ quarantine: [entry] }) })
  return [recipe, '--recipes', recipes, '--base', 'none', '--only', 'functional', '--approve-code']
}

describe.concurrent('a test in quarantine', () => {
  it('runs, is shown with its result, and decides neither the verdict nor the level', async () => {
    await using workshop = openWorkshop()
    const args = await excused(workshop, '2099-12-31')
    const planned = await workshop.run(['plan', ...args])
    expect(planned.stdout, planned.stderr).toContain(`excused   "logs in" (${FILE}) decides nothing until 2099-12-31`)
    expect(planned.stdout).toContain('deploy    at most 10 min 00 s without progress (the default)')
    const { results, exitCode, stdout } = await workshop.test(args)
    expect({ exitCode, verdict: results.verdict }, stdout).toEqual({ exitCode: 0, verdict: 'pass' })
    expect(tierOf(results, 'functional').tests).toMatchObject([
      {
        title: 'logs in',
        status: 'failed',
        quarantined: { reason: 'upstream loses the session', until: '2099-12-31' },
      },
      { title: 'serves', status: 'passed' },
    ])
    expect(results.level).toBeLessThan(4)
    expect(stdout).toContain(`!! quarantined until 2099-12-31: functional "logs in" (${FILE}) failed; upstream loses`)
    const report = readFileSync(join(workshop.state, 'runs', results.run.id, 'report.html'), 'utf8')
    expect(report).toContain('In quarantine until 2099-12-31, decides nothing: upstream loses the session')
    expect(results.deadlines?.deploy).toEqual({ ms: 600_000, source: 'default', why: 'the default' })
    expect(tierOf(results, 'install').convergedMs).toBeGreaterThan(0)
    expect(results.recipe.released).toBeNull()
    expect(await leftOnEngine(workshop)).toEqual([])
  })

  it('decides again when its time is over, and the plan says so', async () => {
    await using workshop = openWorkshop()
    const { stdout, stderr } = await workshop.run(['plan', ...(await excused(workshop, '2020-01-31')), '--json'])
    const plan = JSON.parse(stdout || stderr)
    expect(plan.quarantine).toEqual([])
    expect(plan.findings).toContainEqual(expect.objectContaining({ code: 'quarantine-expired', severity: 'warning' }))
  })
})
