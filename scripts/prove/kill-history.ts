import { spawn } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from '../../src/lib/errors.ts'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import { LAUNCHER } from '../../test/cli/cc-ci.ts'
import { killedAttribution } from './kill-history/attribution.ts'
import { leftOfRuns } from './kill-history/left.ts'
import type { Look, Subject } from './kill-history/subject.ts'
import { killedSweep } from './kill-history/sweep.ts'

/**
 * Kills `cc-ci ab` or `cc-ci sweep` with SIGKILL at random moments, continues with --resume, and counts what a person would find:
 *   node scripts/prove/kill-history.ts [ab|sweep] [--points 20] [--longest MS] [--seed N] [--jobs 2]
 * Each odd point kills the whole tree of processes, so that nobody is left to remove anything; each even one the command alone. `lost`: a run that a
 * later record no longer had; `twice`: one that counts for two; `half`: a record that cannot be read; `wrong`: an end other than without a kill;
 * `running`: a run that nobody ended; `leaked`: something of its runs on the engine after the end. Needs an engine. The same seed gives the same moments.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ points: { type: 'string', default: '20' }, jobs: { type: 'string', default: '2' } },
    ...{ longest: { type: 'string' }, seed: { type: 'string' } },
  },
})
const SUBJECTS = {
  ab: { make: killedAttribution, longestMs: 25_000 },
  sweep: { make: killedSweep, longestMs: 60_000 },
} as const
const [what = 'ab'] = positionals
if (!(what in SUBJECTS))
  throw new UsageError('unknown-subject', `nothing of cc-ci is killed as "${what}"`, {
    hint: `There are: ${Object.keys(SUBJECTS).join(', ')}.`,
  })
const { make, longestMs: usual } = SUBJECTS[what as keyof typeof SUBJECTS]
const points = Number(values.points)
const longestMs = Number(values.longest ?? usual)
const seed = values.seed ?? String(randomInt(1_000_000))
process.stdout.write(`cc-ci ${what}, ${points} points of 0 to ${longestMs} ms, --seed ${seed}\n`)
const work = mkdtempSync(join(tmpdir(), 'cc-ci-kill-history-'))
const state = join(work, 'state')
const table = { killed: 0, begun: 0, ended: 0, lost: 0, twice: 0, half: 0, wrong: 0, running: 0, leaked: 0 }
const rows: Record<string, string | number>[] = []
const begunAt = performance.now()
let last: Look = { going: false, summary: {}, faults: [] }

try {
  const subject = await make(work, state, values)
  while (table.killed < points) await killOnce(subject)
  if (last.going) await toItsEnd(subject)
  await execOk(LAUNCHER, ['gc', '--state', state], { timeoutMs: 600_000, env: { ...inheritedEnv(), NO_COLOR: '1' } })
  table.leaked += printFaults('leaked', await leftOfRuns(state))
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.table(rows)
console.table([table])
process.stdout.write(`${((performance.now() - begunAt) / 60_000).toFixed(1)} min\n`)
const harmless: readonly string[] = ['killed', 'begun', 'ended']
process.exitCode = Object.entries(table).some(([key, count]) => !harmless.includes(key) && count > 0) ? 1 : 0

/** Begins or continues, and kills it at the next point, unless it has ended by then. */
async function killOnce(subject: Subject): Promise<void> {
  const { going } = last
  const child = launch(going ? subject.resume : subject.begin)
  if (!going) table.begun++
  const ended = once(child, 'close')
  const afterMs = moment(rows.length)
  const killed = await Promise.race([ended.then(() => false), pause(afterMs)])
  const whole = table.killed % 2 === 1
  let processes = 0
  if (killed) {
    const pids = whole ? tree(child.pid as number) : [child.pid as number]
    for (const pid of pids) processes += kill(pid)
    await ended
    table.killed++
  } else await settle(subject)
  rows.push({
    point: killed ? table.killed : '-',
    did: going ? 'resume' : 'begin',
    'after ms': killed ? afterMs : 'ended',
    processes,
    ...count(subject),
  })
  process.stdout.write(`${Object.values(rows.at(-1) ?? {}).join('  ')}\n`)
}

async function toItsEnd(subject: Subject): Promise<void> {
  await once(launch(subject.resume), 'close')
  await settle(subject)
  rows.push({ point: '-', did: 'resume', 'after ms': 'ended', processes: 0, ...count(subject) })
}

/** One has come to its end: nothing of its runs may be there any more, without anybody who clears up. */
async function settle(subject: Subject): Promise<void> {
  table.ended++
  table.running += printFaults('running', subject.stillRunning())
  table.leaked += printFaults('leaked', await leftOfRuns(state))
}

function count(subject: Subject): Record<string, string | number> {
  last = subject.look()
  for (const { kind, text } of last.faults) {
    table[kind] += 1
    process.stdout.write(`${kind}: ${text}\n`)
  }
  return last.summary
}

function printFaults(kind: string, found: readonly string[]): number {
  for (const one of found) process.stdout.write(`${kind}: ${one}\n`)
  return found.length
}

function launch(args: readonly string[]) {
  const env = { ...inheritedEnv(), CC_CI_STATE: state, NO_COLOR: '1' }
  return spawn(LAUNCHER, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** Uniform from 0 to the longest. */
function moment(index: number): number {
  const drawn = createHash('sha256').update(`${seed} ${index}`).digest().readUInt32BE()
  return Math.round((drawn / 2 ** 32) * longestMs)
}

/** A process and all below it, the oldest first: runs are in process groups of their own. */
function tree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(tree)]
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function kill(pid: number): number {
  try {
    process.kill(pid, 'SIGKILL')
    return 1
  } catch {
    return 0
  }
}

function pause(ms: number): Promise<true> {
  return new Promise((resolve) => setTimeout(() => resolve(true), ms))
}
