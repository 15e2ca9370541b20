import { accessSync, constants, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ChosenDeployer } from '../../deploy/deployers.ts'
import type { DeployerName } from '../../deploy/names.ts'
import { Engine } from '../../engine/client.ts'
import { flakesOf } from '../../history/flakes/of-run.ts'
import { readRunIndex } from '../../history/run-index.ts'
import { summaryOf } from '../../history/run-summary.ts'
import { redSince, type Since } from '../../history/since.ts'
import { messageOf, UsageError } from '../../lib/errors.ts'
import type { Host } from '../../lifecycle/context.ts'
import { connectHost } from '../../lifecycle/host.ts'
import { type Place, placeRun } from '../../lifecycle/placement/place.ts'
import type { RunPlan } from '../../lifecycle/plan.ts'
import { executeRun, type RunParameters } from '../../lifecycle/run.ts'
import { type RunFolder, readRecord } from '../../lifecycle/run-folder.ts'
import { diskReserve } from '../../machine/disk-room.ts'
import { stateDir } from '../../machine/state-dir.ts'
import { CARD_SIZE, cardPage } from '../../report/card.ts'
import { chanceTexts } from '../../report/flakes/flake-memory.ts'
import { sinceText } from '../../report/run/since.ts'
import { writeViews } from '../../report/run/write-views.ts'
import { keptAppLines } from '../../report/terminal/kept-app.ts'
import { terminalReporter } from '../../report/terminal/reporter.ts'
import { canRedraw, layoutFor } from '../../report/terminal/screen.ts'
import { summaryText } from '../../report/terminal/summary.ts'
import { fold } from '../../verdict/fold.ts'
import type { Results } from '../../verdict/results.ts'
import type { RecipeOptions } from '../program/options.ts'
import { canonicalStore } from './canonical-store.ts'
import { checkpointStore, checkpointsBudget } from './checkpoint-store.ts'
import { clearDeadRuns } from './dead-runs.ts'

export interface TestOptions extends RecipeOptions {
  readonly keep?: boolean
  readonly repeat?: boolean
  /** The kept run whose app is looked at. */
  readonly attach?: string
  /** Of the custom tests only those whose titles match. */
  readonly grep?: string
  readonly deadline: number
  /** Keeps the data as a canonical, whatever the settings say. */
  readonly promote?: boolean
  /** Id and folder name of the run; default: a new one. */
  readonly runId?: string
  /** The failed run to continue from. */
  readonly resume?: string
  /** Keeps the app after each tier that changes it; default: where it stands still anyway. */
  readonly checkpoints?: boolean
  /** Pictures the result. */
  readonly card?: boolean
  /** Host name or id of the node that the app is put on. Default: the one with the most memory left. */
  readonly node?: string
  /** Where the report, results.json and junit.xml are put too. */
  readonly results?: string
  /** Standard input is a supervisor's pipe. */
  readonly supervised?: boolean
  readonly deployer: DeployerName
}

/** Where a person watches. */
export type Screen = typeof process.stdout | typeof process.stderr

export interface OneRun {
  readonly folder: RunFolder
  readonly plan: RunPlan
  readonly host: Host
  readonly place: Place
  readonly deployer: ChosenDeployer
  readonly signal: AbortSignal
  readonly screen: Screen
}

/** Runs what is planned and shows it, live and then as a whole. */
export async function runAndShow(
  { folder, plan, host, place, deployer, signal, screen }: OneRun,
  options: TestOptions,
): Promise<Results> {
  using _ = place
  const reporter = terminalReporter({
    stream: screen,
    shared: [process.stdout, process.stderr].filter(({ isTTY }) => isTTY),
  })
  const run = await executeRun({
    folder,
    plan,
    host,
    deployer,
    keep: options.keep === true,
    repeat: options.repeat !== false,
    ...promotion(plan, options),
    ...checkpoints(options),
    ...card(options),
    timeoutMs: options.deadline,
    signal,
    onEvent: (event) => reporter.onEvent(event),
  }).finally(() => reporter.close())
  const ended = fold(run.events())
  const chance = chanceTexts(flakesOf(stateDir(options.state), ended))
  const since = redSinceOf(ended, options)
  const { results, failed } = writeViews(run, { chance, since })
  for (const view of failed) process.stderr.write(`cc-ci: left out: ${view}\n`)
  const kept = keptLines({ folder, plan, host })
  const shown = { tiersShown: canRedraw(screen), reportPath: folder.report, chance, kept }
  const told = { since: since && sinceText(since, ended.run.id) }
  screen.write(summaryText(results, { ...layoutFor(screen), ...shown, ...told }))
  return results
}

/** A supervisor knows the runs of other machines too, and says it on a page of its own. */
function redSinceOf(results: Results, { state, supervised }: TestOptions): Since | null {
  if (supervised || results.verdict === 'pass') return null
  const own = summaryOf(results)
  return redSince([own, ...readRunIndex(stateDir(state)).runs], own.id)
}

/** Of a run with --keep that came so far. */
function keptLines({ folder, plan, host }: Pick<OneRun, 'folder' | 'plan' | 'host'>): string[] {
  if (readRecord(folder)?.status !== 'kept') return []
  const { runId, domain, stack } = plan.app
  return keptAppLines({ run: runId, recipe: plan.request.recipe, domain, stack, edge: host.edge })
}

function promotion({ settings }: RunPlan, { promote, state }: TestOptions): Pick<RunParameters, 'promotion'> {
  const by = promote ? 'flag' : settings.settings.canonical ? 'setting' : null
  return by ? { promotion: { keeper: canonicalStore(stateDir(state)), by } } : {}
}

function card({ card: wanted }: TestOptions): Pick<RunParameters, 'card'> {
  return wanted ? { card: { size: CARD_SIZE, page: cardPage } } : {}
}

/** Of a run that somebody else supervises nobody would continue from a checkpoint, unless it is asked for. */
function checkpoints({
  checkpoints: wanted,
  supervised,
  keep,
  state,
}: TestOptions): Pick<RunParameters, 'checkpoints'> {
  if (keep || (supervised && !wanted) || checkpointsBudget() === 0) return {}
  return { checkpoints: { keeper: checkpointStore(stateDir(state)), everyTier: wanted === true } }
}

/** The machine, without what dead runs left on it, and the node of it that this run gets, until `place` is disposed of. */
export async function readyHost(on: {
  state: string
  screen: Screen
  signal: AbortSignal
  plan: RunPlan
  node?: string
}) {
  const { state, screen, signal, plan } = on
  // A reserve that cannot be read would guard nothing.
  diskReserve(0)
  const engine = await Engine.connect()
  for (const { id, removed, left } of await clearDeadRuns(state, engine)) {
    if (removed > 0) screen.write(`removed ${removed} things that run ${id} had left\n`)
    if (left.length > 0) screen.write(`!! run ${id} left ${left.length} things that cannot be removed; see cc-ci gc\n`)
  }
  const place = await placeRun(engine, plan, plan.attached?.node ?? on.node)
  try {
    const host = await connectHost(place, state)
    signal.throwIfAborted()
    return { host, place, plan: { ...plan, findings: [...plan.findings, ...place.findings] } }
  } catch (error) {
    place[Symbol.dispose]()
    throw error
  }
}

/** Before a run begins: who finds out after it has lost its results. Throws UsageError `results-unwritable`. */
export function makeResultsDir(dir: string | undefined): void {
  if (dir === undefined) return
  try {
    mkdirSync(dir, { recursive: true })
    accessSync(dir, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new UsageError('results-unwritable', `--results: nothing can be kept in ${dir}: ${messageOf(error)}`, {
      cause: error,
      hint: 'Name a folder that can be written.',
    })
  }
}

/** What a CI system keeps of a run. A file that cannot be written changes no verdict. */
export function copyResults({ report, results, junit }: RunFolder, dir: string | undefined): void {
  if (dir === undefined) return
  for (const file of [report, results, junit].filter((one) => existsSync(one))) {
    try {
      mkdirSync(dir, { recursive: true })
      copyFileSync(file, join(dir, basename(file)))
    } catch (error) {
      process.stderr.write(`cc-ci: left out of ${dir}: ${basename(file)}: ${messageOf(error)}\n`)
    }
  }
}

export function writeJsonTo(target: string | boolean, value: unknown): void {
  const text = `${JSON.stringify(value, null, 2)}\n`
  if (target === '-') process.stdout.write(text)
  else if (typeof target === 'string') writeFileSync(target, text)
}
