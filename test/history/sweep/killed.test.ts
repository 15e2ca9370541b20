import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type CellRecord,
  readCells,
  readMatrix,
  readPlan,
  type SweepPlan,
  sweepFolder,
  writePlan,
} from '../../../src/history/sweep/record.ts'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { commit as committed, folder, git, repository } from '../../recipe/throwaway.ts'
import { candidate, GIB, plan } from './some-sweeps.ts'

const CHILD = new URL('sweeping-child.ts', import.meta.url).pathname
const PLAYED = new URL('../../cli/played-build.ts', import.meta.url).pathname
/** A few in every test run; `CC_CI_KILLS=20` for the long proof. */
const KILLS = Number(process.env.CC_CI_KILLS ?? 6)
const RECIPES = 4
const ID = '20261130-020000-aaaaaa'

/** A build of cc-ci that is played: it makes a file instead of a stack, which a run that was killed leaves behind. */
async function playedBuild(): Promise<string> {
  const launcher = `#!/bin/sh\nPLAYED_BUILD=$(dirname "$(dirname "$0")") exec ${process.execPath} --disable-warning=ExperimentalWarning ${PLAYED} "$@"\n`
  const dir = await folder({ 'bin/cc-ci': launcher, build: 'well' })
  await chmod(join(dir, 'bin/cc-ci'), 0o755)
  await git(dir, 'init', '--quiet')
  await committed(dir, 'build')
  return dir
}

/** A plan of recipes with two cells each, of which every third head fails. */
async function planned(): Promise<SweepPlan> {
  const candidates = []
  for (let index = 0; index < RECIPES; index += 1) {
    const dir = await repository()
    const release = await committed(dir, 'release', { behave: 'good', note: String(index) })
    const head = await committed(dir, 'head', { behave: index % 3 === 0 ? 'bad' : 'good' })
    candidates.push(
      candidate(`recipe-${index}`, {
        ...{ source: dir, release: { tag: '1.0.0+1', commit: release }, memoryBytes: (1 + (index % 2)) * GIB },
        heads: [{ name: 'main', commit: head }],
      }),
    )
  }
  return plan(candidates, { id: ID, bounds: { memoryBytes: 4 * GIB, jobs: 3 } })
}

describe('a sweep that is killed', () => {
  it(`${KILLS} times at a random moment continues, loses no cell that had ended, and leaves nothing`, async () => {
    const [state, checkout, of] = [await folder({}), await playedBuild(), await planned()]
    const sweep = sweepFolder(state, ID)
    await writePlan(sweep, of)
    const written = readFileSync(sweep.plan, 'utf8')
    let ended: readonly CellRecord[] = []
    let met = 0
    let kills = 0
    // On a busy machine a cell may not have begun in the moments after the first word.
    while ((kills < KILLS || met === 0) && !existsSync(join(state, 'matrix-made'))) {
      const child = start(state, checkout)
      // From its first word on, or every other time also while it still settles what the one before has left.
      const spoke = once(child.stdout as NodeJS.ReadableStream, 'data')
      await (kills % 2 === 0 ? spoke : Promise.race([spoke, systemClock.sleep(3000)]))
      await systemClock.sleep(randomInt(500))
      child.kill('SIGKILL')
      await exitOf(child)
      kills += 1
      const cells = readCells(sweep, of)
      met += cells.filter((cell) => cell?.status === 'running').length
      const now = cells.filter((cell) => cell?.status === 'ended') as CellRecord[]
      expect(now).toEqual(expect.arrayContaining([...ended]))
      ended = now
      if (readMatrix(sweep) === null) expect(existsSync(sweep.report)).toBe(false)
    }
    // Kills met runs that continued, or there was nothing to prove.
    expect(met).toBeGreaterThan(0)
    await exitOf(start(state, checkout))
    const matrix = readMatrix(sweep)
    expect(readFileSync(sweep.plan, 'utf8')).toBe(written)
    expect(readPlan(sweep)).toEqual(of)
    // The build that is played deploys nothing, so that what does not fail is not judged whole.
    expect(matrix?.cells.map(({ status }) => status)).toEqual(
      Array.from({ length: RECIPES }, (_, index) => ['unverified', index % 3 === 0 ? 'fail' : 'unverified']).flat(),
    )
    // Every cell is spoken for by a run of its own commit, and nothing of a killed run is left.
    expect(new Set(matrix?.cells.map(({ run }) => run)).size).toBe(2 * RECIPES)
    for (const [index, cell] of readCells(sweep, of).entries()) {
      const { recipe } = JSON.parse(readFileSync(join(state, 'runs', cell?.folder ?? '', 'results.json'), 'utf8'))
      expect(recipe.commit).toBe(of.cells[index]?.commit)
    }
    expect(globSync('made/*', { cwd: state })).toEqual([])
    expect(readdirSync(sweep.cells)).toHaveLength(2 * RECIPES)
  }, 900_000)
})

function start(state: string, checkout: string): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CHILD, state, ID, checkout], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function exitOf(child: ChildProcess): Promise<void> {
  child.stdout?.resume()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
