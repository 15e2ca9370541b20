import { writeFileSync } from 'node:fs'
import { Engine } from '../engine/client.ts'
import { flakesOf } from '../history/flakes/of-run.ts'
import { newRunId } from '../lib/ids.ts'
import { connectHost } from '../lifecycle/host.ts'
import { checkOutHead, type RunPlan } from '../lifecycle/plan.ts'
import { executeRun, type RunRequest } from '../lifecycle/run.ts'
import { discardRun, reserveRun } from '../lifecycle/run-folder.ts'
import { RUN_VARIABLE } from '../lifecycle/take-down.ts'
import { planWithCanonical } from '../lifecycle/with-canonical.ts'
import { stateDir } from '../machine/state-dir.ts'
import { chanceTexts } from '../report/flake-memory.ts'
import { wantsColor } from '../report/ink.ts'
import { publish } from '../report/publish.ts'
import { summaryText, terminalReporter } from '../report/terminal.ts'
import { exitCodeOf } from '../verdict/exit-code.ts'
import { fold } from '../verdict/fold.ts'
import type { Results } from '../verdict/results.ts'
import { canonicalStore } from './canonical-store.ts'
import { clearDeadRuns } from './dead-runs.ts'
import { listenForSignals } from './interruption.ts'
import { keptRun } from './kept-run.ts'
import type { RecipeOptions } from './program/options.ts'
import { requestOf, wishOf } from './with-plan.ts'

export interface TestOptions extends RecipeOptions {
  readonly keep?: boolean
  readonly repeat?: boolean
  /** The kept run whose app is looked at. */
  readonly attach?: string
  readonly deadline: number
  /** Keeps the data as a canonical, whatever the settings say. */
  readonly promote?: boolean
  /** Id and folder name of the run; default: a new one. */
  readonly runId?: string
  /** Standard input is a supervisor's pipe. */
  readonly supervised?: boolean
}

/** `cc-ci test`: plan, run, show. Nothing is made on the engine before the plan stands. */
export async function test(recipe: string, options: TestOptions): Promise<number> {
  using interruption = listenForSignals(undefined, { supervised: options.supervised === true })
  const state = stateDir(options.state)
  const runId = options.runId ?? newRunId(Date.now())
  process.env[RUN_VARIABLE] = runId
  const folder = reserveRun(state, runId, new Date().toISOString())
  const toStdout = options.json === '-'
  const screen = toStdout ? process.stderr : process.stdout
  const { plan, host } = await prepare()
  const reporter = terminalReporter({ stream: screen })
  const run = await executeRun({
    folder,
    plan,
    host,
    keep: options.keep === true,
    repeat: options.repeat !== false,
    ...promotion(plan),
    deadlineMs: options.deadline,
    signal: interruption.signal,
    onEvent: (event) => reporter.onEvent(event),
  }).finally(() => reporter.close())
  const chance = chanceTexts(flakesOf(state, fold(run.events())))
  const { results, failed } = publish(run, { chance })
  for (const view of failed) process.stderr.write(`cc-ci: left out: ${view}\n`)
  screen.write(
    summaryText(results, { reportPath: folder.report, chance, color: wantsColor(screen.isTTY), width: screen.columns }),
  )
  if (options.json) writeJson(options.json, results)
  return exitCodeOf(results)

  function promotion({ settings }: RunPlan): Pick<RunRequest, 'promotion'> {
    const by = options.promote ? 'flag' : settings.settings.canonical ? 'setting' : null
    return by ? { promotion: { keeper: canonicalStore(state), by } } : {}
  }

  /** A run that could not be planned, has no engine or was stopped before it began leaves not even its folder. */
  async function prepare() {
    try {
      const attach = options.attach === undefined ? {} : { attach: keptRun(state, options.attach) }
      const request = { ...requestOf(recipe, options), ...attach, runId, folder }
      const plan = await planWithCanonical(await checkOutHead(request), request, wishOf(options))
      interruption.signal.throwIfAborted()
      const engine = await Engine.connect()
      await clearUp(state, engine, screen)
      const host = await connectHost(engine, state)
      interruption.signal.throwIfAborted()
      return { plan, host }
    } catch (error) {
      discardRun(folder)
      throw error
    }
  }
}

async function clearUp(state: string, engine: Engine, screen: NodeJS.WritableStream): Promise<void> {
  for (const { id, removed, left } of await clearDeadRuns(state, engine)) {
    if (removed > 0) screen.write(`removed ${removed} things that run ${id} had left\n`)
    if (left.length > 0) screen.write(`!! run ${id} left ${left.length} things that cannot be removed; see cc-ci gc\n`)
  }
}

function writeJson(target: string | boolean, results: Results): void {
  const text = `${JSON.stringify(results, null, 2)}\n`
  if (target === '-') process.stdout.write(text)
  else if (typeof target === 'string') writeFileSync(target, text)
}
