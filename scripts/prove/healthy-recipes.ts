import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { lifeOf } from '../../fixtures/apps/canary.ts'
import { appOf } from '../../fixtures/apps/index.ts'
import { ensureFixtureImages } from '../../fixtures/images/index.ts'
import { REAL_RECIPES, recipeSteps } from '../../fixtures/recipes/build.ts'
import type { Canary } from '../../src/canaries/canary.ts'
import { passes } from '../../src/canaries/expect.ts'
import { readyMachine } from '../../src/canaries/ready-machine.ts'
import { isHealthy } from '../../src/canaries/report.ts'
import type { CanaryRun } from '../../src/canaries/run-canary.ts'
import { selftest } from '../../src/canaries/selftest.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'
import { listenForSignals } from '../../src/cli/support/signals.ts'
import { newRunId } from '../../src/lib/ids.ts'
import { formatDuration } from '../../src/lib/text/duration.ts'
import { stateDir } from '../../src/machine/state-dir.ts'

/**
 * `node scripts/prove/healthy-recipes.ts [--runs 150] [--jobs 6] [--load 1] [NAME...]`: healthy recipes, the fixtures and all look-alikes among the
 * canaries, one after the other until so many have lived, while so many processes of no use keep a processor busy each. Counts what was red,
 * unverified or took a second attempt, and exits with 1 if anything did. What ended otherwise than it must is kept in the state folder.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '150' },
    jobs: { type: 'string', default: '6' },
    load: { type: 'string', default: '1' },
  },
})
const runs = Number(values.runs)
const recipes = chosen()
const rounds = Math.floor(runs / recipes.length)
const extra = new Set(recipes.slice(0, runs % recipes.length).map(([, canary]) => canary))

using interruption = listenForSignals('stopping the runs; each removes its app')
using _load = keepBusy(Number(values.load))
const state = stateDir()
await readyMachine(state, say)
await ensureFixtureImages(undefined, { log: say })
const begun = Date.now()
let ended = 0
const lived = await selftest({
  ...{ canaries: recipes, jobs: Number(values.jobs), signal: interruption.signal },
  times: (canary) => rounds + (extra.has(canary) ? 1 : 0),
  dir: join(state, 'selftest', newRunId(begun)),
  onEnd(run) {
    ended += 1
    say(`${String(ended).padStart(4)}  ${lineOf(run)}`)
  },
})
summary(lived)
process.exitCode = interruption.signal.aborted
  ? interruption.exitCode()
  : lived.every(({ differences }) => differences.length === 0)
    ? 0
    : 1

function chosen(): [string, Canary][] {
  const all = [
    ...REAL_RECIPES.map((name) => [name, fixture(name)] as [string, Canary]),
    ...Object.entries(CANARIES).filter(([, canary]) => isHealthy(canary)),
  ]
  return all.filter(([name]) => positionals.length === 0 || positionals.includes(name))
}

/** A recipe of real software, with its own settings and code. */
function fixture(name: string): Canary {
  const app = appOf(name)
  if (app) return lifeOf(app)
  return {
    about: 'Real software.',
    expect: passes(),
    recipe: () => recipeSteps(name),
    args: ['--approve-code', ...(name === 'pocketbase' ? ['--base', '1.0.0+0.30.4'] : [])],
  }
}

/** Processes of which each keeps a processor busy until it is disposed of. */
function keepBusy(processes: number): Disposable {
  const children = Array.from({ length: processes }, () =>
    spawn('/bin/sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }),
  )
  return {
    [Symbol.dispose]() {
      for (const child of children) child.kill('SIGKILL')
    },
  }
}

function lineOf({ name, ms, differences, kept }: CanaryRun): string {
  const end = differences.length === 0 ? 'ok' : `NOT AS EXPECTED: ${differences.join('; ')}; kept: ${kept}`
  return `${name.padEnd(30)}${(ms / 1000).toFixed(0).padStart(5)} s  ${end}`
}

function summary(all: readonly CanaryRun[]): void {
  const verdicts = all.map(({ found }) => found?.verdict ?? 'unverified')
  const count = (verdict: string) => verdicts.filter((one) => one === verdict).length
  const seconds = all.map(({ ms }) => ms / 1000).sort((a, b) => a - b)
  const at = (part: number) => (seconds[Math.floor((seconds.length - 1) * part)] ?? 0).toFixed(0)
  say('')
  say(
    `${all.length} healthy lives, ${values.jobs} at a time beside ${values.load} busy processes, in ${formatDuration(Date.now() - begun)}:`,
  )
  say(`  red         ${count('fail') + count('refused')}`)
  say(`  unverified  ${count('unverified')}`)
  say(`  flaky       ${all.filter(({ found }) => found?.verdict === 'pass' && found.attempts > 1).length}`)
  say(`  seconds     ${at(0)} at least, ${at(0.5)} median, ${at(1)} at most`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
