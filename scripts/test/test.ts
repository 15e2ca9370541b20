import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { Engine } from '../../src/engine/client.ts'
import { CcCiError } from '../../src/lib/errors.ts'
import { onEngine } from './parts/on-engine.ts'

/**
 * `npm test`: static checks, set-up, every test, then hostile recipes on an engine of their own, one after the other, because each keeps the processors busy; and a look at the engine before and after:
 * a test that leaves something behind fails the whole run. Arguments are handed to vitest and skip the static checks, and the server's set-up where none names a test of the
 * server: `npm test -- test/recipe`, `npm test -- test/server`.
 */
const chosen = process.argv.slice(2)
const whole = chosen.length === 0
const LONGEST_SHOWN = 15
const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const

const steps = [
  { name: 'static checks', script: 'scripts/check/check.ts', wanted: whole },
  { name: 'set-up', script: 'scripts/setup/setup.ts', wanted: true },
  {
    name: 'set-up of the server tests',
    script: 'scripts/setup/server-tests.ts',
    wanted: whole || chosen.some((name) => name.includes('server')),
  },
  {
    name: 'set-up of a current engine',
    script: 'scripts/setup/engine-29.ts',
    wanted: whole || chosen.some((name) => name.includes('engine-29')),
  },
]
for (const one of steps) if (one.wanted && !(await step(one))) process.exit(1)
const before = await namesOnEngine()
const outcomes = [await runTests('tests', chosen)]
if (whole)
  outcomes.push(await runTests('hostile recipes', ['--config', 'test/hostile/vitest.config.ts'], { HOSTILE: 'fast' }))
const faults = await faultsOfEngine()
for (const fault of faults) process.stdout.write(`${fault}\n`)
const sum = (key: 'passed' | 'failed' | 'skipped') => outcomes.reduce((total, outcome) => total + outcome[key], 0)
const wrong = sum('failed') + faults.length
process.stdout.write(`\n${sum('passed')} passed, ${wrong} failed, ${sum('skipped')} skipped\n`)
process.exitCode = wrong > 0 || outcomes.some(({ passed, ending }) => passed === 0 || ending !== null) ? 1 : 0

interface Outcome extends Record<'passed' | 'failed' | 'skipped', number> {
  /** How vitest ended; null: well. */
  readonly ending: string | null
}

async function runTests(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-report-'))
  const report = join(dir, 'report.json')
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]
  const ending = await run([...node, 'node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], env)
  const counts = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as Report) : null
  rmSync(dir, { recursive: true })
  if (ending !== null) process.stdout.write(`\n${name}: FAILED: vitest ${ending}${counts ? '' : ' without a report'}\n`)
  if (!counts) return { ending, passed: 0, failed: 0, skipped: 0 }
  printLongest(counts.testResults)
  const failed = counts.numFailedTests || Math.min(1, counts.numFailedTestSuites)
  return { ending, passed: counts.numPassedTests, failed, skipped: counts.numPendingTests }
}

interface Report
  extends Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numFailedTestSuites', number> {
  readonly testResults: readonly FileResult[]
}

/** Times in epoch ms. */
interface FileResult {
  readonly name: string
  readonly startTime: number
  readonly endTime: number
}

function printLongest(files: readonly FileResult[]): void {
  const longest = files
    .map(({ name, startTime, endTime }) => ({ name: relative('.', name), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, LONGEST_SHOWN)
  process.stdout.write('\nlongest files:\n')
  for (const { name, seconds } of longest) process.stdout.write(`${seconds.toFixed(0).padStart(6)} s  ${name}\n`)
}

async function step({ name, script }: { readonly name: string; readonly script: string }): Promise<boolean> {
  const started = Date.now()
  const ending = await run([...node, script])
  const seconds = ((Date.now() - started) / 1000).toFixed(0)
  process.stdout.write(
    `${name}: ${ending === null ? `done in ${seconds} s` : `FAILED after ${seconds} s: it ${ending}`}\n`,
  )
  return ending === null
}

/** Null when the program ended well, else how it ended; what it printed stands above. */
function run(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string | null> {
  return new Promise((resolve, reject) => {
    spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } })
      .on('error', reject)
      .on('exit', (code, signal) =>
        resolve(code === 0 ? null : signal ? `was ended by ${signal}` : `ended with ${code}`),
      )
  })
}

/** What the tests have done to the engine: left things on it, or ended it. */
async function faultsOfEngine(): Promise<string[]> {
  try {
    const left = (await namesOnEngine()).filter((name) => !before.includes(name))
    return left.map((name) => `left on the engine by a test: ${name}`)
  } catch (error) {
    if (!(error instanceof CcCiError)) throw error
    return [`the engine cannot be asked any more: ${error.message}`]
  }
}

/** Names of everything on the engine that a test could leave. */
async function namesOnEngine(): Promise<string[]> {
  return (await onEngine(await Engine.connect())).map(({ name }) => name)
}
