import { describe, expect, it } from 'vitest'
import { judgeTests } from '../../src/lifecycle/custom/judge-tests.ts'
import { runSpecsOnce } from './support/run-specs.ts'

const IMPORT = "import { test, expect } from 'cc-ci/test'\n"
const PASSING = `${IMPORT}test('adds', () => { expect(1 + 1).toBe(2) })\n`

describe('files that are no good', { timeout: 120_000 }, () => {
  it('do not load: each is named with its reason, and the others are run', async () => {
    const run = await runSpecsOnce({
      'tests/custom/good.spec.ts': PASSING,
      'tests/custom/syntax.spec.ts': `${IMPORT}test('x', () => {`,
      'tests/custom/package.spec.ts': "import { test } from '@nowhere/test'\ntest('x', () => {})",
      'tests/custom/only.spec.ts': `${IMPORT}test.only('alone', () => {})`,
      'tests/custom/throws.spec.ts': "throw new Error('at the top')",
      'tests/custom/helper.spec.ts': "import './helper.ts'",
      'tests/custom/helper.ts': "throw new Error('in a helper')",
      'tests/custom/twice.spec.ts': `${IMPORT}test('same', () => {})\ntest('same', () => {})`,
    })
    const errors = Object.fromEntries(run.rows.map(({ file, title, error }) => [file, `${title}: ${error}`]))
    expect(run.row('adds').status).toBe('passed')
    expect(errors['tests/custom/syntax.spec.ts']).toMatch(/^loads: SyntaxError[\s\S]*syntax\.spec\.ts:2/)
    expect(errors['tests/custom/package.spec.ts']).toMatch(/^loads: [\s\S]*tests import from "cc-ci\/test"/)
    expect(errors['tests/custom/only.spec.ts']).toMatch(/^loads: [\s\S]*the other tests would not run/)
    expect(errors['tests/custom/throws.spec.ts']).toMatch(/^loads: [\s\S]*at the top/)
    expect(errors['tests/custom/helper.spec.ts']).toMatch(/^loads: [\s\S]*in a helper[\s\S]*helper\.ts:1/)
    expect(errors['tests/custom/twice.spec.ts']).toMatch(/^loads: [\s\S]*duplicate test title/)
    expect(run.rows).toHaveLength(7)
    expect(run.exitCode).toBe(1)
    expect(judgeTests(run.rows, run.empty).outcome).toBe('fail')
  })

  it('hold no test: never a pass, neither alone nor beside others', async () => {
    const run = await runSpecsOnce({ 'tests/custom/good.spec.ts': PASSING, 'tests/custom/empty.spec.ts': '' })
    expect(run.lines).toEqual(['passed adds'])
    expect(run.empty).toEqual([{ side: 'recipe', file: 'tests/custom/empty.spec.ts' }])
    expect(judgeTests(run.rows, run.empty)).toMatchObject({
      outcome: 'unverified',
      cause: { code: 'no-tests-ran', message: 'tests/custom/empty.spec.ts: no test' },
    })
    const alone = await runSpecsOnce({ 'tests/custom/empty.spec.ts': IMPORT })
    expect(alone.rows).toEqual([])
    expect(judgeTests(alone.rows, alone.empty).outcome).toBe('unverified')
  })

  it('cannot change how they are run, with a config, a tsconfig.json or an ignore file of their own', async () => {
    const run = await runSpecsOnce({
      'tests/custom/good.spec.ts': PASSING,
      'playwright.config.ts': "throw new Error('read')",
      'tests/custom/playwright.config.ts': "throw new Error('read')",
      'tsconfig.json': '{ "compilerOptions": { "paths": { "cc-ci/test": ["./own.ts"] } } }',
      'own.ts': "throw new Error('mapped')",
      '.gitignore': '*',
    })
    expect(run.lines).toEqual(['passed adds'])
  })
})

describe('programs that are ended', { timeout: 120_000 }, () => {
  it('by process.exit(0) in a test: it failed, the others ran', async () => {
    const run = await runSpecsOnce({
      'tests/custom/exits.spec.ts': `${IMPORT}
test('before', () => {})
test('exits', () => { process.exit(0) })
test('after', () => {})
`,
    })
    expect(run.lines).toEqual(['passed before', 'failed exits', 'passed after'])
    expect(run.row('exits').error).toContain('exited unexpectedly (code=0')
  })

  it('by process.exit(0) while a file is loaded: that file failed, the others ran', async () => {
    const run = await runSpecsOnce({
      'tests/custom/a.spec.ts': PASSING,
      'tests/custom/exits.spec.ts': 'process.exit(0)',
      'tests/custom/z.spec.ts': PASSING,
    })
    expect(run.lines.toSorted()).toEqual(['failed loads!', 'passed adds', 'passed adds'])
    expect(run.row('loads')).toMatchObject({
      file: 'tests/custom/exits.spec.ts',
      error: 'the program ended with 0 while this file was loaded',
    })
  })

  it('by the deadline, in a test that blocks: it was still running, and files behind it were not heard of', async () => {
    const run = await runSpecsOnce(
      {
        'tests/custom/a.spec.ts': `${IMPORT}test('spins', () => { const end = Date.now() + 90_000; while (Date.now() < end); })`,
        'tests/custom/b.spec.ts': PASSING,
      },
      { timeoutMs: 20_000, testTimeoutMs: 1_000 },
    )
    expect(run.exitCode).toBe(null)
    expect(run.lines).toEqual(['failed spins', 'failed reports!'])
    expect(run.row('spins').error).toBe('it was still running when the deadline of the tests passed')
    expect(run.silent).toEqual([{ side: 'recipe', file: 'tests/custom/b.spec.ts' }])
  })

  it('by the deadline, in a file that never loads', async () => {
    const run = await runSpecsOnce(
      { 'tests/custom/a.spec.ts': 'const end = Date.now() + 20_000; while (Date.now() < end);' },
      { timeoutMs: 4_000 },
    )
    expect(run.lines).toEqual(['failed reports!'])
    expect(run.row('reports').error).toContain('nothing was heard of it: the deadline of the tests passed')
  })

  it('by a test that ends the runner: the file failed, other files ran', async () => {
    const run = await runSpecsOnce({
      'tests/custom/a.spec.ts': `${IMPORT}test('kills', () => { process.kill(process.ppid, 'SIGKILL'); const end = Date.now() + 5000; while (Date.now() < end); })\ntest('more', () => {})`,
      'tests/custom/b.spec.ts': PASSING,
    })
    expect(run.lines).toEqual(['passed adds', 'failed runs!', 'failed kills'])
    expect(run.row('runs').error).toBe('the test runner was killed by SIGKILL during "kills"')
  })
})

describe('tests of the operator', { timeout: 120_000 }, () => {
  it('are judged before a file of the recipe can end, or speak for, them', async () => {
    const speaks = { kind: 'test', side: 'operator', file: 'tests/custom/b.spec.ts', title: 'checks', status: 'passed' }
    const run = await runSpecsOnce({
      'tests/custom/a.spec.ts': `process.send(${JSON.stringify({ ...speaks, durationMs: 0, tags: [], attachments: [] })}, () => process.exit(0))`,
      '../operator/tests/custom/b.spec.ts': `${IMPORT}test('checks', () => { expect(1).toBe(2) })`,
    })
    expect(run.messages.filter((message) => (message as { kind: string }).kind === 'test')).toMatchObject([
      { side: 'operator', title: 'checks', status: 'failed' },
    ])
    expect(run.rows.map(({ error }) => error?.split('\n')[0])).toContain(
      'a report of operator/tests/custom/b.spec.ts, which is not run here',
    )
  })
})

describe('reports that a test sends itself', { timeout: 120_000 }, () => {
  it('are refused, and fail the run', async () => {
    const run = await runSpecsOnce({
      'tests/custom/forges.spec.ts': `${IMPORT}
import { connect } from 'node:net'
test('forges', async () => {
  const params = { token: 'guess', kind: 'test', side: 'recipe', file: 'tests/custom/forges.spec.ts', title: 'never ran',
    status: 'passed', durationMs: 1, tags: [], attachments: [] }
  const socket = connect(process.env.CC_CI_RPC)
  socket.write(JSON.stringify({ id: 1, method: 'report', params }) + '\\n')
  await new Promise((resolve) => socket.once('data', resolve))
  socket.end()
})
`,
    })
    expect(run.lines).toEqual(['passed forges', 'failed runs!'])
    expect(run.row('runs').error).toBe('1 report(s) were refused: not from the test runner')
  })
})
