import { DEPLOYERS } from '../deploy/deployers.ts'
import { UsageError } from '../lib/errors.ts'
import { newRunId } from '../lib/ids.ts'
import { parseBases } from '../lifecycle/base/requested-bases.ts'
import { checkOutHead, type PlanRequest } from '../lifecycle/plan.ts'
import { discardRun, reserveRun } from '../lifecycle/run-folder.ts'
import { planWithCanonical } from '../lifecycle/stored-data/with-canonical.ts'
import { RUN_VARIABLE } from '../lifecycle/take-down.ts'
import { stateDir } from '../machine/state-dir.ts'
import { exitCodeOf } from '../verdict/exit-code.ts'
import { checkpointStore } from './support/checkpoint-store.ts'
import { copyResults, makeResultsDir, readyHost, runAndShow, type TestOptions, writeJsonTo } from './support/one-run.ts'
import { refuseOtherHead, resumedRun } from './support/resumed-run.ts'
import { retainedRun } from './support/retained-run.ts'
import { listenForSignals } from './support/signals.ts'
import { whilePlanning } from './support/while-planning.ts'
import { canonicalOptions, planRequestOf } from './support/with-plan.ts'
import { testSeveral } from './test-several.ts'

/** `cc-ci test`: plan, run, show. Nothing is made on the engine before the plan stands. With several bases: a run for each, and a table. */
export async function test(recipe: string, options: TestOptions): Promise<number> {
  const bases = parseBases(options.base)
  refuseKeepWithRollback(options)
  refuseFilter(options)
  makeResultsDir(options.results)
  if (bases.kind === 'several') return testSeveral(recipe, options, bases.requested)
  using interruption = listenForSignals(undefined, { supervised: options.supervised === true })
  const { signal } = interruption
  const state = stateDir(options.state)
  const runId = options.runId ?? newRunId(Date.now())
  process.env[RUN_VARIABLE] = runId
  const folder = reserveRun(state, runId, new Date().toISOString())
  const screen = options.json === '-' ? process.stderr : process.stdout
  const results = await runAndShow({ folder, ...(await prepare()), signal, screen }, options)
  copyResults(folder, options.results)
  if (options.json) writeJsonTo(options.json, results)
  return exitCodeOf(results)

  /** A run that could not be planned, has no engine or was stopped before it began leaves not even its folder. */
  async function prepare() {
    try {
      const deployer = await DEPLOYERS[options.deployer].choose()
      const attach =
        options.attach === undefined ? {} : { attach: retainedRun(state, options.attach), grep: options.grep }
      const stays = options.keep ? { rollback: false } : {}
      const resume = await resumeOf(state, options)
      const request = { ...planRequestOf(recipe, options), ...attach, ...stays, ...resume, runId, folder }
      const plan = await whilePlanning(
        async () => planWithCanonical(await checkOutHead(request), request, canonicalOptions(options)),
        { discard: () => discardRun(folder), timeoutMs: options.deadline, signal },
      )
      if (plan.resumed) refuseOtherHead(plan, plan.resumed)
      signal.throwIfAborted()
      const node = options.node === undefined ? {} : { node: options.node }
      return { deployer, ...(await readyHost({ state, screen, signal, plan, ...node })) }
    } catch (error) {
      discardRun(folder)
      throw error
    }
  }
}

/** A run that judges a life needs all of its tests. */
function refuseFilter({ grep, attach }: TestOptions): void {
  if (grep === undefined || attach !== undefined) return
  throw new UsageError(
    'grep-without-attach',
    '--grep leaves tests out, and a run that judges the recipe needs all of them',
    {
      hint: 'Keep an app with `cc-ci test --keep`, then use it with --attach.',
    },
  )
}

/** What the failed run was asked for, this one is asked for too. */
async function resumeOf(state: string, { resume: text }: TestOptions): Promise<Partial<PlanRequest>> {
  if (text === undefined) return {}
  const resume = await resumedRun(state, text, checkpointStore(state))
  return { ...resume.checkpoint.request, resume }
}

/** Whoever looks at a kept app, or attaches to it, means head: the setting `upgrade.rollback` gives way to that. */
function refuseKeepWithRollback({ keep, only }: TestOptions): void {
  if (!keep || !only?.includes('rollback')) return
  throw new UsageError(
    'keep-rolled-back',
    'with --only rollback the app that --keep leaves would be the version before',
    {
      hint: 'Leave one of the two out.',
    },
  )
}
