import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execOk } from '../src/lib/exec.ts'

/**
 * `npm test`: set-up, static checks, every test, and a look at the engine before and after: a test that leaves something behind
 * fails the whole run. Arguments are handed to vitest and skip the static checks: `npm test -- test/recipe`.
 * `npm run test:server` (`--server` as first argument) sets up a real Gitea and PostgreSQL too and runs the tests that need them.
 */
const server = process.argv[2] === '--server'
const chosen = process.argv.slice(server ? 3 : 2)
const projects = server ? ['--project=server'] : ['--project=unit', '--project=swarm']
const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const

await step('set-up', [...node, 'scripts/setup.ts'])
if (server) await step('set-up of the server tests', [...node, 'scripts/setup-server.ts'])
if (chosen.length === 0 && !server) await step('static checks', [...node, 'scripts/check.ts'])
const before = await onEngine()
const outcome = await runTests()
const left = (await onEngine()).filter((name) => !before.includes(name))
for (const name of left) process.stdout.write(`left on the engine by a test: ${name}\n`)
process.stdout.write(`\n${outcome.passed} passed, ${outcome.failed + left.length} failed, ${outcome.skipped} skipped\n`)
process.exitCode = outcome.failed + left.length > 0 || outcome.passed === 0 || outcome.exitCode !== 0 ? 1 : 0

async function runTests() {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-report-'))
  const report = join(dir, 'report.json')
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]
  const exitCode = await run([...node, 'node_modules/vitest/vitest.mjs', 'run', ...projects, ...reporters, ...chosen])
  const counts = JSON.parse(readFileSync(report, 'utf8')) as Record<
    'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numFailedTestSuites',
    number
  >
  rmSync(dir, { recursive: true })
  const failed = counts.numFailedTests || Math.min(1, counts.numFailedTestSuites)
  return { exitCode, passed: counts.numPassedTests, failed, skipped: counts.numPendingTests }
}

async function step(name: string, argv: readonly string[]): Promise<void> {
  const started = Date.now()
  const exitCode = await run(argv)
  process.stdout.write(
    `${name}: ${exitCode === 0 ? 'done' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(0)} s\n`,
  )
  if (exitCode !== 0) process.exit(1)
}

function run([file = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] })
      .on('error', reject)
      .on('exit', (code) => resolve(code ?? 1))
  })
}

/** Names of everything on the engine that a test could leave. */
async function onEngine(): Promise<string[]> {
  const kinds = {
    service: ['service', 'ls', '--format', '{{.Name}}'],
    container: ['container', 'ls', '-a', '--format', '{{.Names}}'],
    network: ['network', 'ls', '--format', '{{.Name}}'],
    volume: ['volume', 'ls', '--format', '{{.Name}}'],
    secret: ['secret', 'ls', '--format', '{{.Name}}'],
    config: ['config', 'ls', '--format', '{{.Name}}'],
  }
  const lists = await Promise.all(
    Object.entries(kinds).map(async ([kind, argv]) => {
      const { stdout } = await execOk('docker', argv, { deadlineMs: 30_000 })
      return stdout
        .split('\n')
        .filter(Boolean)
        .map((name) => `${kind} ${name}`)
    }),
  )
  return lists.flat()
}
