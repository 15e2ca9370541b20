import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildRecipe } from '../fixtures/recipes/build.ts'
import { execOk, inheritedEnv } from '../src/lib/exec.ts'
import { LAUNCHER } from '../test/cli/cc-ci.ts'
import { thingsOnEngine } from '../test/cli/started.ts'

/**
 * Kills `cc-ci ab` with SIGKILL at random moments, goes on with --resume, and counts what a person would find:
 *   node scripts/kill-history.ts [--points 20] [--longest 25000]
 * Each odd point kills the whole process group, so that nobody is left to remove anything; each even one the command alone. `lost`: a finished run that a
 * later record no longer had; `half`: a record that cannot be read; `wrong`: an end other than without a kill; `leaked`: something of its recipe on the
 * engine after its end. Needs an engine.
 */
const { values } = parseArgs({
  options: { points: { type: 'string', default: '20' }, longest: { type: 'string', default: '25000' } },
})
const points = Number(values.points)
const longestMs = Number(values.longest)
const work = mkdtempSync(join(tmpdir(), 'cc-ci-kill-history-'))
const state = join(work, 'state')
const name = `killed-${Math.random().toString(36).slice(2, 6)}`
const table = { killed: 0, begun: 0, ended: 0, lost: 0, half: 0, wrong: 0, leaked: 0 }

interface Attribution {
  readonly status: 'running' | 'ended'
  readonly runs: readonly { readonly run: string }[]
  readonly decision: { readonly verdict: string } | null
}

try {
  const { dir } = await buildRecipe('healthy', join(work, name))
  const range = await lastTwo(dir)
  const begin = ['ab', dir, '--ref', range, '--only', 'install']
  let kept: readonly string[] = []
  while (table.killed < points) {
    const going = newest()
    const isGoing = going !== null && going.status === 'running'
    if (!isGoing) kept = []
    const child = launch(isGoing ? ['ab', '--resume', 'last'] : begin)
    if (!isGoing) table.begun++
    const after = Math.round(Math.random() * longestMs)
    const ended = once(child, 'close')
    const killed = await Promise.race([ended.then(() => false), pause(after)])
    if (killed) {
      const group = table.killed % 2 === 1
      process.kill(group ? -(child.pid as number) : (child.pid as number), 'SIGKILL')
      await once(child, 'exit').catch(() => undefined)
      table.killed++
    }
    kept = check(kept)
    process.stdout.write(`${killed ? `killed after ${after} ms` : 'ended'}: ${kept.length} runs in the record\n`)
  }
  if (newest()?.status === 'running') await once(launch(['ab', '--resume', 'last']), 'close')
  check(kept)
  await execOk(LAUNCHER, ['gc', '--state', state], { deadlineMs: 600_000 })
  table.leaked = (await thingsOnEngine()).filter((thing) => thing.includes(name)).length
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.table([table])
process.exitCode = ['lost', 'half', 'wrong', 'leaked'].some((key) => table[key as keyof typeof table] !== 0) ? 1 : 0

function launch(args: readonly string[]) {
  const env = { ...inheritedEnv(), CC_CI_STATE: state, NO_COLOR: '1' }
  return spawn(LAUNCHER, args, { env, stdio: ['ignore', 'ignore', 'inherit'], detached: true })
}

/** What the record of the newest attribution says now, compared with what it said before; gives the ids of its runs. */
function check(before: readonly string[]): readonly string[] {
  const record = newest()
  if (record === null) return before
  const now = record.runs.map(({ run }) => run)
  table.lost += before.filter((run) => !now.includes(run)).length
  if (record.status === 'ended') {
    table.ended++
    if (record.decision?.verdict !== 'unchanged') table.wrong++
  }
  return now
}

function newest(): Attribution | null {
  const dir = join(state, 'ab')
  const files = (existsSync(dir) ? readdirSync(dir).sort() : []).map((id) => join(dir, id, 'attribution.json'))
  const file = files.filter((one) => existsSync(one)).at(-1)
  if (file === undefined) return null
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    table.half++
    return null
  }
}

/** OLD..NEW of a repository: its last two commits. */
async function lastTwo(dir: string): Promise<string> {
  const { stdout } = await execOk('git', ['-C', dir, 'rev-list', '--max-count=2', 'HEAD'], { deadlineMs: 30_000 })
  return stdout.trim().split('\n').reverse().join('..')
}

function pause(ms: number): Promise<true> {
  return new Promise((resolve) => setTimeout(() => resolve(true), ms))
}
