import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { type AttributionStep, attribute } from '../history/attribution/attribute.ts'
import { beginAttribution } from '../history/attribution/begin.ts'
import { runCell } from '../history/attribution/cell-run.ts'
import { clearLeftOver } from '../history/attribution/left-over.ts'
import {
  type AttributionFolder,
  type AttributionRecord,
  attributionFolder,
  expandAttributionId,
  readAttribution,
  writeAttribution,
} from '../history/attribution/record.ts'
import { readImported } from '../history/attribution/recorded.ts'
import { keyOf } from '../history/attribution/signature.ts'
import { pinTool, type ToolBuild } from '../history/attribution/tool-build.ts'
import { systemClock } from '../lib/async/clock.ts'
import { waitFor } from '../lib/async/wait.ts'
import { CancelledError, EXIT, UsageError } from '../lib/errors.ts'
import { holdLifeSign, readLifeSign } from '../lib/process/life-sign.ts'
import { formatDuration } from '../lib/text/duration.ts'
import { toolIdentity } from '../lib/version.ts'
import { runFolder } from '../lifecycle/run-folder.ts'
import { stateDir } from '../machine/state-dir.ts'
import { attributionPage } from '../report/attribution/page.ts'
import { attributionText } from '../report/attribution/text.ts'
import type { StateOption } from './program/options.ts'
import { listenForSignals } from './support/signals.ts'

export interface AbOptions extends StateOption {
  /** `OLD..NEW` of cc-ci, and of the recipe. */
  readonly tool?: string
  readonly ref?: string
  /** Default: the repository that this build lies in. */
  readonly toolRepo?: string
  readonly base: string
  readonly only?: readonly string[]
  readonly quick?: boolean
  readonly approveCode?: boolean
  readonly allow?: readonly string[]
  readonly recipes?: string
  readonly runs?: number
  readonly deadline: number
  readonly bisect?: boolean
  /** The attribution that is resumed. */
  readonly resume?: string
  readonly json?: string
  /** The rest is for a server's worker, which names what it begins and brings what it knows. */
  readonly id?: string
  readonly asIs?: boolean
  readonly supervised?: boolean
  readonly origin?: string
  readonly recorded?: string
  readonly runDeadline?: number
}

/** Far more than a teardown may need. */
const LEFT_DEADLINE_MS = 10 * 60_000

const OWN_CHECKOUT = resolve(import.meta.dirname, '../..')

/** `cc-ci ab`: which of two changes makes the difference. Exit 0 with an answer, 3 where it is inconclusive. */
export async function ab(recipe: string, options: AbOptions): Promise<number> {
  using interruption = listenForSignals('stopping the active run', { supervised: options.supervised === true })
  const state = stateDir(options.state)
  const screen = options.json === '-' ? process.stderr : process.stdout
  const { folder, record } = await beginOrGoOn(recipe, state, options)
  const { signal } = interruption
  const print = (line: string) => void screen.write(`${line}\n`)
  try {
    if (record.current) await clearLeftOver(buildOf(record.current), record.current.run, signal)
    const done = await attribute(
      { ...record, current: null },
      {
        clock: systemClock,
        save: (next) => writeAttribution(folder, next),
        build: async (commit) => {
          signal.throwIfAborted()
          if (commit === null) return { commit, checkout: OWN_CHECKOUT, state: folder.state }
          const repository = record.tool.repository ?? OWN_CHECKOUT
          return pinTool(commit, { stateDir: state, repository, log: print, signal })
        },
        run: ({ build, ref, run }) =>
          runCell({ build, recipe: record.recipe.dir, ref, run, flags: record.flags, signal }),
        report: (step) => print(stepText(step)),
      },
    )
    writePage(folder, done)
    screen.write(`\n${attributionText(done)}  report ${folder.page}\n`)
    if (options.json) write(options.json, done)
    return done.decision?.verdict === 'inconclusive' ? EXIT.unverified : EXIT.pass
  } catch (error) {
    if (error instanceof CancelledError) process.stderr.write(`cc-ci: continue with: cc-ci ab --resume ${record.id}\n`)
    throw error
  } finally {
    rmSync(folder.alive, { force: true })
  }
}

async function beginOrGoOn(recipe: string, state: string, options: AbOptions): ReturnType<typeof begin> {
  const { id, resume } = options
  if (resume !== undefined) return reopen(state, expandAttributionId(state, resume), options)
  if (id === undefined || !existsSync(attributionFolder(state, id).record)) return begin(recipe, state, options)
  await untilLeft(attributionFolder(state, id))
  const { folder, record } = reopen(state, id, options)
  // The clone of before is gone with the worker that had it.
  return { folder, record: { ...record, recipe: { ...record.recipe, dir: resolve(recipe) } } }
}

/** Whoever worked on it has lost its supervisor, and takes down what it made. */
async function untilLeft({ alive }: AttributionFolder): Promise<void> {
  const look = async () => {
    if (readLifeSign(alive) !== true) return { state: 'ready', value: null } as const
    return { state: 'waiting', reason: 'it still takes down what it made' } as const
  }
  await waitFor<null, never>(look, { name: 'the process that worked on it to end', timeoutMs: LEFT_DEADLINE_MS })
}

async function begin(recipe: string, state: string, options: AbOptions) {
  const { tool, ref, runs, recipes, id, asIs, recorded } = options
  const begun = await beginAttribution({
    ...{ stateDir: state, recipe, tool, ref, runs, id, asIs },
    ...(recorded === undefined ? {} : { recorded: readImported(recorded, await toolIdentity()) }),
    recipesDir: recipes,
    repository: resolve(options.toolRepo ?? OWN_CHECKOUT),
    flags: flagsOf(options),
    timeoutMs: options.deadline,
    bisect: options.bisect === true,
    now: systemClock.now(),
  })
  mkdirSync(begun.folder.dir, { recursive: true, mode: 0o700 })
  holdLifeSign(begun.folder.alive)
  await writeAttribution(begun.folder, begun.record)
  return begun
}

/** The page beside the record: its links lead to the reports of its runs, as far as their builds wrote one. */
function writePage({ dir, page }: AttributionFolder, record: AttributionRecord): void {
  const linkTo = ({ state, run }: AttributionRecord['runs'][number]) => {
    const { report } = runFolder(state, run)
    return existsSync(report) ? relative(dir, report) : null
  }
  writeFileSync(page, attributionPage(record, linkTo))
}

/** Only flags that are not their default: an older build may not know the newer ones. */
function flagsOf({ base, only, quick, approveCode, allow, recipes, origin, runDeadline }: AbOptions): string[] {
  return [
    ...(origin === undefined ? [] : ['--origin', origin]),
    ...(runDeadline === undefined ? [] : ['--deadline', `${Math.max(1, Math.round(runDeadline / 1000))}s`]),
    ...(base === 'auto' ? [] : ['--base', base]),
    ...(only ? ['--only', only.join(',')] : []),
    ...(quick ? ['--quick'] : []),
    ...(approveCode ? ['--approve-code'] : []),
    ...(allow && allow.length > 0 ? ['--allow', allow.join(',')] : []),
    ...(recipes === undefined ? [] : ['--recipes', resolve(recipes)]),
  ]
}

function reopen(
  state: string,
  id: string,
  { runs }: AbOptions,
): { folder: AttributionFolder; record: AttributionRecord } {
  const folder = attributionFolder(state, id)
  if (readLifeSign(folder.alive) === true) {
    throw new UsageError('attribution-running', `another process works on ${folder.dir}`, {
      hint: 'Let it end, or stop it first.',
    })
  }
  const record = readAttribution(folder)
  holdLifeSign(folder.alive)
  return { folder, record: { ...record, bounds: { ...record.bounds, ...(runs === undefined ? {} : { runs }) } } }
}

function buildOf({ state, checkout }: NonNullable<AttributionRecord['current']>): ToolBuild {
  return { commit: null, checkout: checkout ?? OWN_CHECKOUT, state }
}

function stepText(step: AttributionStep): string {
  switch (step.step) {
    case 'run':
      return `run ${step.number} (of at most ${step.atMost}): ${step.what} (${step.why})`
    case 'ran':
      return `  ${formatDuration(step.durationMs)}: ${endsText(step.run)}`
    case 'decided':
      return `decided: ${step.decision.verdict}`
    case 'searching':
      return `searching ${step.commits} commits of the ${step.factor} between the two ends`
  }
}

/** Everything that did not pass; all passed otherwise. */
function endsText({ tiers, trouble }: Extract<AttributionStep, { step: 'ran' }>['run']): string {
  const ends = Object.entries(tiers).flatMap(([tier, draws]) =>
    draws.flatMap(({ signature }) =>
      signature && !['pass', 'skip'].includes(signature.status) ? [`${tier} ${keyOf(signature)}`] : [],
    ),
  )
  return [ends.length > 0 ? ends.join('; ') : 'all passed', ...(trouble === null ? [] : [trouble])].join('; ')
}

function write(target: string, record: AttributionRecord): void {
  const text = `${JSON.stringify(record, null, 2)}\n`
  if (target === '-') process.stdout.write(text)
  else writeFileSync(target, text)
}
