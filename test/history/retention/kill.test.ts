import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { kindOf, type PruneKind } from '../../../src/history/retention/kinds.ts'
import { pruneRuns } from '../../../src/history/retention/prune.ts'
import { readPruned } from '../../../src/history/retention/pruned-record.ts'
import { readRecord, runFolder } from '../../../src/lifecycle/run-folder.ts'
import { parseResults } from '../../../src/verdict/results.ts'
import { LAUNCHER } from '../../cli/cc-ci.ts'
import { folder } from '../../recipe/throwaway.ts'
import { DAY_MS, generateRun, idAt, NOW, PRUNABLE } from './generated.ts'

const POINTS = 20
const RUNS = 16
/** A prune may be over before it is killed, which shows nothing. */
const MOST_TRIES = 3 * POINTS
/** Only against a hang: each point starts a command, which takes ten seconds on a machine that has much else to do. */
const DEADLINE_MS = 1_800_000
const POLICY = { olderThanMs: 0, maxBytes: null }
const LEFT = ['artifacts', 'events.ndjson', 'pruned.json', 'results.json', 'run.json']

/** Starts the real command and kills it when it has begun so many runs, some steps later. Gives whether it was killed in its work. */
async function killedPrune(state: string, dirs: readonly string[], after: number, steps: number): Promise<boolean> {
  const child = spawn(LAUNCHER, ['gc', '--runs', '--older-than', '0s', '--state', state], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const begun = () => dirs.filter((dir) => existsSync(join(dir, 'pruned.json'))).length
  const target = begun() + after
  await expect.poll(() => child.exitCode !== null || begun() >= target, { interval: 1, timeout: 120_000 }).toBe(true)
  for (let step = 0; step < steps; step++) existsSync(state)
  child.kill('SIGKILL')
  const [, signal] = await ended
  return signal === 'SIGKILL'
}

/** Of every file that is gone the record speaks, and what stays forever is whole. Gives how many runs stand in the middle. */
function halfPruned(dirs: readonly string[]): number {
  let half = 0
  for (const dir of dirs) {
    const pruned = readPruned(dir)?.pruned ?? []
    const finished = new Map<PruneKind, boolean>(pruned.map((entry) => [entry.kind, entry.finished]))
    for (const path of Object.keys(PRUNABLE)) {
      const kind = kindOf(path) as PruneKind
      if (!existsSync(join(dir, path))) expect(finished.has(kind), `${dir}: ${path} is gone without a word`).toBe(true)
      else expect(finished.get(kind), `${dir}: ${path} is called pruned`).not.toBe(true)
    }
    const results = parseResults(JSON.parse(readFileSync(join(dir, 'results.json'), 'utf8')))
    expect(dir.endsWith(results.run.id)).toBe(true)
    expect(readFileSync(join(dir, 'events.ndjson'), 'utf8')).toBe('{}\n')
    if (pruned.some((entry) => !entry.finished)) half += 1
  }
  return half
}

test(
  `killed at ${POINTS} random points, a prune never leaves what looks whole, and the next one continues`,
  async () => {
    const state = await folder({})
    let [killed, inTheMiddle] = [0, 0]
    for (let point = 0; killed < POINTS && point < MOST_TRIES; point++) {
      const ids = Array.from({ length: RUNS }, (_, at) => idAt(NOW - (100 + point) * DAY_MS, at))
      const dirs = ids.map((id) => generateRun(state, { id }).dir)
      const [after, steps] = [1 + Math.floor(Math.random() * (RUNS - 6)), Math.floor(Math.random() * 3000)]
      if (await killedPrune(state, dirs, after, steps)) killed += 1
      inTheMiddle += halfPruned(dirs)
      const { failures } = await pruneRuns({ state, policy: POLICY, clock: { now: () => NOW } })
      expect(failures).toEqual([])
      expect(halfPruned(dirs)).toBe(0)
      for (const dir of dirs) {
        expect(readdirSync(dir).sort()).toEqual(LEFT)
        expect(readRecord(runFolder(state, basename(dir)))?.status).toBe('ended')
        const { pruned } = readPruned(dir) ?? { pruned: [] }
        expect(pruned.map(({ kind, files }) => `${kind} ${files}`)).toEqual([
          ...['logs 2', 'pictures 2', 'report 2', 'traces 1', 'checkouts 3'],
        ])
      }
    }
    // Otherwise nothing was shown.
    expect([killed, inTheMiddle > 0]).toEqual([POINTS, true])
  },
  DEADLINE_MS,
)
