import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { Engine } from '../engine/client.ts'
import { readRunIndex } from '../history/run-index.ts'
import { localRunner } from '../history/sweep/cell-runs.ts'
import { concludeSweep } from '../history/sweep/conclude.ts'
import { currentWorld, unknownWorld } from '../history/sweep/current-world.ts'
import { isEmptyPlan, planSweep } from '../history/sweep/planning.ts'
import {
  expandSweepId,
  type Matrix,
  readMatrix,
  readPlan,
  type SweepFolder,
  type SweepPlan,
  sweepFolder,
  writePlan,
} from '../history/sweep/record.ts'
import { runCells } from '../history/sweep/running.ts'
import { SWEEP_EXITS, sweepVerdictOf } from '../history/sweep/verdict.ts'
import { systemClock } from '../lib/async/clock.ts'
import { CancelledError, UsageError } from '../lib/errors.ts'
import { newRunId } from '../lib/ids.ts'
import { holdLifeSign, readLifeSign } from '../lib/process/life-sign.ts'
import { toolIdentity } from '../lib/version.ts'
import { connectHost } from '../lifecycle/host.ts'
import { readEnvironment } from '../lifecycle/run-header.ts'
import { stateDir } from '../machine/state-dir.ts'
import { publishSweep } from '../report/sweep/publish.ts'
import { sweepText } from '../report/sweep/text.ts'
import { RunningBlock } from '../report/terminal/running-block.ts'
import { inkFor, wantsColor } from '../report/text/colors.ts'
import type { StateOption } from './program/options.ts'
import { listenForSignals } from './support/signals.ts'
import { SweepProgress } from './support/sweep-progress.ts'
import { sweptRecipes } from './support/swept-recipes.ts'

export interface SweepOptions extends StateOption {
  readonly recipes?: string
  /** The list; default: `sweep.yml` in the folder of --recipes. */
  readonly from?: string
  readonly changed?: boolean
  /** What all runs may use together, and one where the list says nothing; bytes. */
  readonly memory: number
  readonly runMemory: number
  readonly jobs?: number
  /** For one run, ms. */
  readonly deadline: number
  readonly dryRun?: boolean
  /** The sweep that is resumed. */
  readonly resume?: string
  readonly json?: string
}

const OWN_CHECKOUT = resolve(import.meta.dirname, '../..')

/** `cc-ci sweep`: 0 nothing is red or worse, 1 something is, 3 something was not judged. Throws UsageError `nothing-to-sweep`, `sweep-running`, `sweep-over`. */
export async function sweep(names: readonly string[], options: SweepOptions): Promise<number> {
  using interruption = listenForSignals('stopping the active runs')
  const { signal } = interruption
  const state = stateDir(options.state)
  const screen = options.json === '-' ? process.stderr : process.stdout
  const begun = options.resume === undefined ? await begin(names, state, options) : reopen(state, options.resume)
  const { folder, plan } = begun
  if (options.dryRun) return dryRun(plan, folder, screen)
  const progress = new SweepProgress(new RunningBlock({ stream: screen, ink: inkFor(wantsColor(screen.isTTY)) }))
  try {
    const build = { commit: null, checkout: OWN_CHECKOUT, state }
    const runner = localRunner({ build, folder, plan })
    await runCells({ folder, plan, runner, clock: systemClock, signal, report: (step) => progress.report(step) })
    const matrix = await concludeSweep(state, plan, systemClock.now())
    publishSweep(folder, matrix)
    progress.close()
    show(matrix, folder, screen, options.json)
    return SWEEP_EXITS[sweepVerdictOf(matrix)]
  } catch (error) {
    progress.close()
    if (error instanceof CancelledError) process.stderr.write(`cc-ci: continue with: cc-ci sweep --resume ${plan.id}\n`)
    throw error
  } finally {
    rmSync(folder.alive, { force: true })
  }
}

/** Everything that may be wrong is found before the plan is written, and before the first run. */
async function begin(names: readonly string[], state: string, options: SweepOptions) {
  const now = systemClock.now()
  const id = newRunId(now)
  const folder = sweepFolder(state, id)
  try {
    const { candidates, exclude, notes } = await sweptRecipes(names, { ...options, folder })
    const { runs } = readRunIndex(state)
    const tool = await toolIdentity()
    const engine = await Engine.connect()
    const host = await connectHost({ engine, pin: null }, state)
    const operatorDir = options.recipes === undefined ? undefined : resolve(options.recipes)
    const facts = { tool, engine, operatorDir, candidates, runs }
    const world = options.changed
      ? await currentWorld({ ...facts, environment: await readEnvironment(host) })
      : unknownWorld(tool)
    const plan = planSweep({
      ...{ id, now, by: 'cc-ci sweep', place: 'here', mode: options.changed ? 'changed' : 'all' },
      ...{ only: names.length === 0 ? null : names, candidates, exclude, world, runs, notes },
      flags: flagsOf(options),
      bounds: { memoryBytes: options.memory, jobs: options.jobs ?? availableParallelism() },
    })
    if (isEmptyPlan(plan)) throw nothingToSweep(plan)
    if (options.dryRun) return { folder, plan }
    mkdirSync(folder.cells, { recursive: true, mode: 0o700 })
    holdLifeSign(folder.alive)
    await writePlan(folder, plan)
    return { folder, plan }
  } catch (error) {
    rmSync(folder.dir, { recursive: true, force: true })
    throw error
  }
}

function flagsOf({ deadline, recipes }: SweepOptions): string[] {
  return [...['--deadline', `${deadline}ms`], ...(recipes === undefined ? [] : ['--recipes', resolve(recipes)])]
}

function nothingToSweep({ cells }: SweepPlan): UsageError {
  const why = cells.slice(0, 20).map(({ key, reason }) => `${key}: ${reason?.text ?? ''}`)
  return new UsageError('nothing-to-sweep', ['there is nothing to sweep', ...why].join('\n  '), {
    hint: 'Enter recipes into sweep.yml in the folder of --recipes, or name a list with --from FILE: docs/guide/sweep.md.',
  })
}

function reopen(state: string, text: string): { folder: SweepFolder; plan: SweepPlan } {
  const id = expandSweepId(state, text)
  const folder = sweepFolder(state, id)
  const plan = readPlan(folder)
  if (plan.place === 'server') {
    throw new UsageError('sweep-of-server', `sweep ${id} is a server's, which continues with it by itself`, {
      hint: 'Start the server, and see its page /sweeps.',
    })
  }
  if (readLifeSign(folder.alive) === true) {
    throw new UsageError('sweep-running', `another process works on ${folder.dir}`, {
      hint: 'Let it end, or stop it first.',
    })
  }
  if (readMatrix(folder)) {
    throw new UsageError('sweep-over', `sweep ${id} is over: ${folder.report}`, {
      hint: 'Begin a new one: cc-ci sweep.',
    })
  }
  holdLifeSign(folder.alive)
  return { folder, plan }
}

function dryRun(plan: SweepPlan, folder: SweepFolder, screen: NodeJS.WritableStream): number {
  rmSync(folder.dir, { recursive: true, force: true })
  for (const { key, ref, commit, reason } of plan.cells)
    screen.write(`${reason ? `left   ${key}: ${reason.text}` : `run    ${key}: ${ref} (${commit?.slice(0, 10)})`}\n`)
  for (const { message } of plan.notes) screen.write(`!!     ${message}\n`)
  return 0
}

function show(matrix: Matrix, folder: SweepFolder, screen: NodeJS.WriteStream, json: string | undefined): void {
  screen.write(`\n${sweepText(matrix, { color: wantsColor(screen.isTTY), width: screen.columns })}`)
  screen.write(`matrix: ${folder.report}\n`)
  const text = `${JSON.stringify(matrix, null, 2)}\n`
  if (json === '-') process.stdout.write(text)
  else if (json !== undefined) writeFileSync(json, text)
}
